// Claims that hold for every SDK and every way of asking, whole and streaming.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'

import * as simulator from './simulator.mjs'
import { GATEWAY, PNG, PROVIDER, STRANGER, STREAMED, WHOLE } from './surfaces.mjs'

afterEach(() => simulator.script([]))

function every(surfaces, claim, proof) {
  for (const surface of surfaces) test(`${surface.name}: ${claim}`, () => proof(surface))
}

// Does this to the next request that reaches the first channel of the pair.
function firstChannel(surface, then) {
  return { match: { key: `key-of-${surface.channels}-first` }, times: 1, then }
}

// What asking throws; an answer is a failure of the test.
async function thrown(asking) {
  let error
  await assert.rejects(asking, (caught) => Boolean((error = caught)))
  return error
}

// Asks twice, so that failures stay the smaller part of what the breaker sees, however slowly the tests run.
async function oneFailureBenchedNothing(surface) {
  for (const prompt of ['words:3', 'words:3']) {
    const again = await surface.ask(GATEWAY, { model: surface.model, prompt })
    assert.equal(again.headers.get('x-sluice-channel'), `${surface.channels}-first`)
  }
}

const ALL = [...WHOLE, ...STREAMED]

every(ALL, 'text and usage are what the provider said', async ({ ask, model }) => {
  const answer = await ask(GATEWAY, { model, prompt: 'words:12' })
  const said = await ask(PROVIDER, { model, prompt: 'words:12' })
  assert.equal(answer.text, said.text)
  assert.ok(answer.text.split(/\s+/).length >= 12, answer.text)
  assert.deepEqual(answer.usage, said.usage)
  assert.ok(Math.min(...answer.usage) > 0)
})

every(ALL, 'text beyond ASCII arrives unharmed', async ({ ask, model }) => {
  const said = 'naïve 模型 🙂 "quoted" \\ end'
  await simulator.script([{ then: { say: said } }])
  assert.equal((await ask(GATEWAY, { model, prompt: 'hello' })).text, said)
})

every(ALL, 'a tool call arrives with its arguments', async ({ ask, model }) => {
  const prompt = 'tool:get_weather {"city": "São Paulo", "days": 3}'
  const { tool } = await ask(GATEWAY, { model, prompt, withTool: true })
  assert.deepEqual(tool, { name: 'get_weather', arguments: { city: 'São Paulo', days: 3 } })
})

every(ALL, 'the provider sees the image byte for byte', async ({ ask, model, imageIn }) => {
  await ask(GATEWAY, { model, prompt: 'what is this?', withImage: true })
  assert.deepEqual(imageIn(await simulator.lastBody()), PNG)
})

every(ALL, 'the provider gets the channel’s key and never the client’s', async ({ ask, model, channels }) => {
  await ask(GATEWAY, { model, prompt: 'hello' })
  const request = (await simulator.seen()).at(-1)
  assert.equal(request.key, `key-of-${channels}-first`)
  assert.ok(!JSON.stringify(request).includes(GATEWAY.key))
})

every(ALL, 'an alias is answered by the model it stands for', async ({ ask, model, alias }) => {
  const answer = await ask(GATEWAY, { model: alias, prompt: 'words:3' })
  assert.equal(answer.text, (await ask(GATEWAY, { model, prompt: 'words:3' })).text)
  assert.equal(answer.headers.get('x-sluice-model'), model)
  assert.equal(answer.headers.get('x-sluice-attempts'), '1')
})

async function takenOver(surface, then) {
  const question = { model: surface.model, prompt: 'words:12' }
  await simulator.script([firstChannel(surface, then)])
  const answer = await surface.ask(GATEWAY, question)
  assert.equal(answer.text, (await surface.ask(PROVIDER, question)).text)
  assert.equal(answer.headers.get('x-sluice-attempts'), '2')
  assert.equal(answer.headers.get('x-sluice-channel'), `${surface.channels}-second`)
  await oneFailureBenchedNothing(surface)
}

every(WHOLE, 'a channel that hangs up gives way to the next', (surface) => takenOver(surface, { fault: 'hang_up' }))

every(STREAMED, 'a stream that dies before its first word is taken over unseen', (surface) =>
  takenOver(surface, { fault: { cut_after_events: surface.preamble } }),
)

every(STREAMED, 'a stream cut in the middle throws', async (surface) => {
  await simulator.script([firstChannel(surface, { fault: { cut_after_events: 12 } })])
  const error = await thrown(surface.ask(GATEWAY, { model: surface.model, prompt: 'words:40' }))
  assert.ok(error instanceof surface.cutError, error)
  await oneFailureBenchedNothing(surface)
})

every(ALL, 'a wrong client key throws the authentication error', async ({ ask, model, wrongKey }) => {
  const before = (await simulator.seen()).length
  const error = await thrown(ask(STRANGER, { model, prompt: 'hello' }))
  assert.ok(error instanceof wrongKey, error)
  assert.equal(error.status, 401)
  assert.equal((await simulator.seen()).length, before, 'no provider was asked')
})

every(ALL, 'a request that the provider refuses throws in the provider’s words', async ({ ask, model, anyError }) => {
  await simulator.script([{ then: { status: 400 } }])
  const [relayed, direct] = await Promise.all([GATEWAY, PROVIDER].map((end) => thrown(ask(end, { model, prompt: 'hello' }))))
  assert.ok(relayed instanceof anyError, relayed)
  assert.equal(relayed.status, 400)
  assert.equal(relayed.message, direct.message)
})
