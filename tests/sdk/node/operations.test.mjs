// Claims about the other operations: model lists, embeddings, token counts, images, files, unknown paths.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'

import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { toFile } from 'openai'

import * as simulator from './simulator.mjs'
import { GATEWAY, PROVIDER, anthropicClient, googleClient, openaiClient } from './surfaces.mjs'

afterEach(() => simulator.script([]))

// What the configuration makes askable: each channel's models, the aliases, and `auto`.
const ASKABLE = [
  'auto', 'claude-test', 'embedding-test', 'gemini-embedding-test', 'gemini-test', 'gpt-test',
  'quick-claude', 'quick-gemini', 'quick-gpt',
]

async function names(pages, name) {
  const found = new Set()
  for await (const model of await pages) found.add(name(model))
  return found
}

const LISTS = {
  openai: () => names(openaiClient(GATEWAY).models.list(), (model) => model.id),
  anthropic: () => names(anthropicClient(GATEWAY).models.list(), (model) => model.id),
  google: () => names(googleClient(GATEWAY).models.list(), (model) => model.name.replace(/^models\//, '')),
}

for (const [sdk, listed] of Object.entries(LISTS)) {
  test(`${sdk}: the model list names every model that can be asked for`, async () => {
    const found = await listed()
    assert.deepEqual(ASKABLE.filter((name) => !found.has(name)), [])
  })
}

const both = (ask) => Promise.all([GATEWAY, PROVIDER].map(ask))

test('openai: embeddings keep their numbers in the default encoding', async () => {
  const input = ['one text', 'another text']
  const [relayed, direct] = await both((end) => openaiClient(end).embeddings.create({ model: 'embedding-test', input }))
  const vectors = relayed.data.map((item) => item.embedding)
  assert.deepEqual(vectors, direct.data.map((item) => item.embedding))
  assert.ok(vectors.length === 2 && vectors.every((vector) => vector.some(Boolean)))
  assert.equal((await simulator.lastBody()).encoding_format, 'base64', 'what the SDK asks for when its user says nothing')
})

test('google: embeddings keep their numbers', async () => {
  const question = { model: 'gemini-embedding-test', contents: ['one text', 'another text'] }
  const [relayed, direct] = await both((end) => googleClient(end).models.embedContent(question))
  assert.deepEqual(relayed.embeddings, direct.embeddings)
  assert.ok(relayed.embeddings.every(({ values }) => values.some(Boolean)))
})

const TEXTS = Array.from({ length: 250 }, (_, number) => `text ${number}`)

for (const encoding of [undefined, 'float']) {
  test(`openai: embeddings of a google channel come in their order, encoding ${encoding}`, async () => {
    const asked = { model: 'gemini-embedding-test', encoding_format: encoding }
    const embed = (input) => openaiClient(GATEWAY).embeddings.create({ ...asked, input })
    const { data, response } = await embed(TEXTS).withResponse()
    assert.equal(response.headers.get('x-sluice-channel'), 'gemini-first')
    assert.equal(data.data.length, 250)
    for (const at of [0, 99, 100, 249]) {
      assert.deepEqual(data.data[at].embedding, (await embed(TEXTS[at])).data[0].embedding)
    }
  })
}

test('google: embeddings of an openai channel come in their order', async () => {
  const texts = ['one text', 'another text']
  const relayed = await googleClient(GATEWAY).models.embedContent({ model: 'embedding-test', contents: texts })
  const direct = await openaiClient(PROVIDER).embeddings.create({ model: 'embedding-test', input: texts })
  assert.deepEqual(relayed.embeddings.map(({ values }) => values), direct.data.map((item) => item.embedding))
})

/** Makes the provider answer requests to this path so. */
const says = (path, body) => simulator.script([{ match: { path }, then: { body } }])

test('openai: images are made', async () => {
  await says('/images/generations', { created: 1, data: [{ b64_json: 'AAAA' }] })
  const image = await openaiClient(GATEWAY).images.generate({ model: 'image-test', prompt: 'a red pixel' })
  assert.equal(image.data[0].b64_json, 'AAAA')
})

test('openai: speech is transcribed', async () => {
  await says('/audio/transcriptions', { text: 'hello' })
  const file = await toFile(Buffer.from('RIFF'), 'a.wav')
  const heard = await openaiClient(GATEWAY).audio.transcriptions.create({ model: 'speech-test', file })
  assert.equal(heard.text, 'hello')
})

test('openai: texts are moderated', async () => {
  await says('/moderations', { id: 'modr-1', model: 'moderation-test', results: [{ flagged: true }] })
  const judged = await openaiClient(GATEWAY).moderations.create({ model: 'moderation-test', input: 'harm' })
  assert.ok(judged.results[0].flagged)
})

test('openai: files are kept', async () => {
  const kept = { id: 'file-1', object: 'file', bytes: 4, created_at: 1, filename: 'a', purpose: 'batch' }
  const client = openaiClient(GATEWAY)
  await says('/files', kept)
  const file = await toFile(Buffer.from('{}'), 'a.jsonl')
  assert.equal((await client.files.create({ file, purpose: 'batch' })).id, 'file-1')
  await says('/files', { object: 'list', data: [kept], has_more: false })
  const listed = []
  for await (const one of client.files.list()) listed.push(one.id)
  assert.deepEqual(listed, ['file-1'])
})

test('openai: a text is completed as it was of old', async () => {
  const choices = [{ text: 'go on', index: 0, finish_reason: 'stop', logprobs: null }]
  await says('/completions', { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices })
  const completed = await openaiClient(GATEWAY).completions.create({ model: 'gpt-test', prompt: 'x' })
  assert.equal(completed.choices[0].text, 'go on')
})

test('openai: embeddings fail over', async () => {
  await simulator.script([{ match: { key: 'key-of-openai-first' }, times: 1, then: { fault: 'hang_up' } }])
  const asked = openaiClient(GATEWAY).embeddings.create({ model: 'embedding-test', input: 'one text' })
  const { data, response } = await asked.withResponse()
  assert.equal(response.headers.get('x-sluice-attempts'), '2')
  assert.equal(response.headers.get('x-sluice-channel'), 'openai-second')
  assert.ok(data.data[0].embedding.some(Boolean))
})

test('anthropic: tokens are counted', async () => {
  const question = { model: 'claude-test', messages: [{ role: 'user', content: 'how long is this?' }] }
  const [relayed, direct] = await both((end) => anthropicClient(end).messages.countTokens(question))
  assert.equal(relayed.input_tokens, direct.input_tokens)
  assert.ok(relayed.input_tokens > 0)
})

test('google: tokens are counted', async () => {
  const question = { model: 'gemini-test', contents: 'how long is this?' }
  const [relayed, direct] = await both((end) => googleClient(end).models.countTokens(question))
  assert.equal(relayed.totalTokens, direct.totalTokens)
  assert.ok(relayed.totalTokens > 0)
})

test('openai: a chat stream has no usage chunk unless it was asked for', async () => {
  const messages = [{ role: 'user', content: 'words:3' }]
  for await (const chunk of await openaiClient(GATEWAY).chat.completions.create({ model: 'gpt-test', messages, stream: true })) {
    assert.notEqual(chunk.choices.length, 0, 'the usage that the gateway asked for stays with it')
    assert.ok(!chunk.usage)
  }
})

test('openai: an unknown path throws not found', () =>
  assert.rejects(openaiClient(GATEWAY).post('/no-such-thing', { body: {} }), OpenAI.NotFoundError))

test('anthropic: an unknown path throws not found', () =>
  assert.rejects(anthropicClient(GATEWAY).post('/v1/no-such-thing', { body: {} }), Anthropic.NotFoundError))
