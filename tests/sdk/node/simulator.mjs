// The simulated provider behind the gateway: what it saw, and how it should fail.

export const url = process.env.SIM_URL

// Replaces the fault script; the format is that of `sluice sim --script`.
export async function script(rules) {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${url}/__sim/script`, { method: 'POST', headers, body: JSON.stringify(rules) })
}

// Every request so far, oldest first.
export async function seen() {
  return (await fetch(`${url}/__sim/requests`)).json()
}

// The body of the newest request, as the provider received it.
export async function lastBody() {
  return JSON.parse((await seen()).at(-1).body)
}
