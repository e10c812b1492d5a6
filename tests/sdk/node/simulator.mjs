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

// The newest request's body as text that can be searched: nothing in it escaped.
export async function lastText() {
  return JSON.stringify(await lastBody())
}

// How many input tokens the provider counts: four bytes of text each.
export function tokensOf(body) {
  const letters = (value) => {
    if (typeof value === 'string') return Buffer.byteLength(value)
    if (value === null || typeof value !== 'object') return 0
    return Object.values(value).reduce((sum, member) => sum + letters(member), 0)
  }
  return Math.max(Math.floor(letters(body) / 4), 1)
}
