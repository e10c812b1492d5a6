// Every protocol to every protocol: sixteen pairs, fifteen cases, judged by the official SDKs.
//
// The upstream is strict: a request that its provider would refuse fails the cell. What a protocol cannot say is told in
// pairs.json: the notes that the answer must carry, or the field that the refusal must name.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, test } from 'node:test'

import * as simulator from './simulator.mjs'
import { PDF_TEXT, PNG_TEXT, SPEAKERS, ask } from './speakers.mjs'

const EXPECTED = JSON.parse(readFileSync(new URL('../pairs.json', import.meta.url)))
const HEARD = 'naïve 模型 🙂 "quoted" \\ end'
const PLAN = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
  additionalProperties: false,
}
const OSLO = { name: 'get_weather', arguments: { city: 'Oslo' } }
const ROME = { name: 'get_weather', arguments: { city: 'Rome' } }

const words = (count) => Array.from({ length: count }, (_, n) => `word${n + 1}`).join(' ')
const sorted = (places) => assert.deepEqual(places, [...places].sort((one, other) => one - other))

// One case between one client and one upstream.
class Cell {
  notes = new Set()

  constructor(name, client, upstream) {
    this.client = client
    this.upstream = upstream
    this.pair = `${client.name} → ${upstream}`
    this.refused = EXPECTED.refused[name]?.[this.pair]
  }

  async ask(talk, stream, channel = this.upstream) {
    const heard = await ask(this.client, `via-${channel}`, talk, stream)
    if (!heard.error) assert.equal(heard.headers.get('x-sluice-channel'), channel)
    for (const note of (heard.headers?.get('x-sluice-dropped') ?? '').split(',').filter(Boolean)) this.notes.add(note)
    return heard
  }

  // Asks what must be answered.
  async answered(talk, stream, stop = 'end', channel = this.upstream) {
    const heard = await this.ask(talk, stream, channel)
    if (heard.error) assert.fail(`${heard.error}\n${(await simulator.seen()).at(-1).body}`)
    assert.equal(heard.stop, EXPECTED.stops[this.client.name][stop])
    return heard
  }

  // Asks what must end in an error of this kind, in the client's own words.
  async failed(kind, stream, talk = { turns: [{ user: 'words:40' }] }) {
    const heard = await this.ask(talk, stream)
    assert.ok(heard.error, `it was taken for a whole answer: ${heard.text}`)
    const expected = EXPECTED.errors[this.pair]?.[kind] ?? EXPECTED.errors[this.client.name][kind]
    assert.deepEqual(this.client.fault(heard), expected)
    return heard
  }

  // Keeps failures the smaller part of what the breaker sees.
  async recover() {
    await simulator.script([])
    for (const prompt of ['words:3', 'words:3']) {
      assert.equal((await this.ask({ turns: [{ user: prompt }] }, false)).text, words(3))
    }
  }

  // Asks what the pair cannot say; the refusal names the field, and only the provider itself may refuse its own protocol.
  async refuses(talk, stream) {
    const before = (await simulator.seen()).length
    const heard = await this.failed('400', stream, talk)
    assert.ok(this.client.message(heard).includes(this.refused), this.client.message(heard))
    assert.equal((await simulator.seen()).length - before, this.client.name === this.upstream ? 1 : 0)
  }
}

// What a model called, each call under an id of its own.
function called({ calls }) {
  const ids = calls.map(({ id }) => id)
  assert.ok(ids.every(Boolean) && new Set(ids).size === ids.length, `${ids}`)
  return calls.map(({ name, arguments: given }) => ({ name, arguments: given }))
}

// The schema of the answer, where the upstream looks for it.
const SCHEMA_IN = {
  chat: (body) => body.response_format.json_schema.schema,
  responses: (body) => body.text.format.schema,
  messages: (body) => body.output_config.format.schema,
  gemini: (body) => body.generationConfig.responseJsonSchema,
}

const CASES = {
  async plain_text(cell) {
    await simulator.script([{ then: { say: HEARD } }])
    const heard = await cell.answered({ turns: [{ user: 'hello' }] }, false)
    assert.equal(heard.text, HEARD)
    assert.deepEqual(heard.usage, [simulator.tokensOf(await simulator.lastBody()), HEARD.split(' ').length])
  },

  async streaming(cell) {
    const heard = await cell.answered({ turns: [{ user: 'words:12' }] }, true)
    assert.equal(heard.text, words(12))
    assert.ok(heard.pieces > 3, 'the words come as they are said')
    assert.deepEqual(heard.usage, [simulator.tokensOf(await simulator.lastBody()), 12])
  },

  one_tool: bothWays(async (cell, stream) => {
    await simulator.script([
      { times: 1, then: { think: 'I need the weather.', calls: [OSLO] } },
      { then: { say: 'It is 17 degrees in Oslo.' } },
    ])
    const question = { user: 'How warm is it in Oslo?' }
    const asked = await cell.answered({ turns: [question], withTool: true }, stream, 'tool')
    assert.deepEqual(called(asked), [OSLO])
    const turns = [question, { again: asked }, { call: asked.calls[0], result: '17 degrees' }]
    const final = await cell.answered({ turns, withTool: true }, stream)
    assert.equal(final.text, 'It is 17 degrees in Oslo.')
    assert.ok((await simulator.lastText()).includes('17 degrees'))
  }),

  parallel_tools: bothWays(async (cell, stream) => {
    await simulator.script([
      { times: 1, then: { think: 'Two cities.', say: 'Looking.', calls: [OSLO, ROME] } },
      { then: { say: 'Rome is warmer.' } },
    ])
    const question = { user: 'Where is it warmer?' }
    const asked = await cell.answered({ turns: [question], withTool: true }, stream, 'tool')
    assert.equal(asked.text, 'Looking.')
    assert.deepEqual(called(asked), [OSLO, ROME])
    const results = ['17 degrees', '29 degrees'].map((result, place) => ({ call: asked.calls[place], result }))
    const final = await cell.answered({ turns: [question, { again: asked }, ...results], withTool: true }, stream)
    assert.equal(final.text, 'Rome is warmer.')
    const seen = await simulator.lastText()
    sorted(['Looking.', 'Oslo', 'Rome', '17 degrees', '29 degrees'].map((said) => seen.indexOf(said)))
  }),

  image: bothWays(async (cell, stream) => {
    await cell.answered({ turns: [{ user: 'What is this?', image: true }] }, stream)
    assert.ok((await simulator.lastText()).includes(PNG_TEXT), 'the picture arrives as it was')
  }),

  image_from_tool: bothWays(async (cell, stream) => {
    await simulator.script([{ times: 1, then: { think: 'A map.', calls: [OSLO] } }, { then: { say: 'It is red.' } }])
    const question = { user: 'What colour has the map?' }
    const asked = await cell.answered({ turns: [question], withTool: true }, stream, 'tool')
    const turns = [question, { again: asked }, { call: asked.calls[0], result: 'the map', image: true }]
    if (cell.refused) return cell.refuses({ turns, withTool: true }, stream)
    assert.equal((await cell.answered({ turns, withTool: true }, stream)).text, 'It is red.')
    const seen = await simulator.lastText()
    sorted([seen.indexOf('the map'), seen.indexOf(PNG_TEXT)])
    assert.ok(seen.includes('the map'))
  }),

  pdf: bothWays(async (cell, stream) => {
    await cell.answered({ turns: [{ user: 'Sum this up.', pdf: true }] }, stream)
    assert.ok((await simulator.lastText()).includes(PDF_TEXT), 'the document arrives as it was')
  }),

  structured: bothWays(async (cell, stream) => {
    const plan = { city: 'Oslo', days: 3 }
    await simulator.script([{ then: { say: JSON.stringify(plan) } }])
    const heard = await cell.answered({ turns: [{ user: 'Plan a trip.' }], schema: PLAN }, stream)
    assert.deepEqual(JSON.parse(heard.text), plan)
    const schema = SCHEMA_IN[cell.upstream](await simulator.lastBody())
    assert.deepEqual(schema.required, PLAN.required)
    assert.deepEqual(Object.keys(schema.properties), Object.keys(PLAN.properties))
  }),

  length: bothWays(async (cell, stream) => {
    const heard = await cell.answered({ turns: [{ user: 'words:40' }], limit: 16 }, stream, 'length')
    assert.equal(heard.text.trim(), words(16))
  }),

  refusal: bothWays(async (cell, stream) => {
    await simulator.script([{ then: { refuse: 'I must not say that.' } }])
    const heard = await cell.ask({ turns: [{ user: 'hello' }] }, stream)
    assert.equal(heard.error, undefined)
    assert.deepEqual([heard.stop, heard.text, heard.refusal], EXPECTED.refusals[cell.pair])
  }),

  system: bothWays(async (cell, stream) => {
    const turns = [
      { system: 'Speak Norwegian.' },
      { user: 'Who are you?' },
      { model: 'En hjelper.' },
      { user: 'And now?' },
      { system: 'Be brief.' },
    ]
    await cell.answered({ turns }, stream)
    const seen = await simulator.lastText()
    const places = ['Who are you?', 'En hjelper.', 'And now?'].map((said) => seen.indexOf(said))
    sorted([0, ...places])
    assert.ok(seen.includes('Speak Norwegian.'))
    // Gemini has one place for instructions, before everything; all others keep theirs.
    assert.ok(seen.includes('Be brief.'))
    assert.ok(cell.client.name === 'gemini' || seen.indexOf('Be brief.') > places.at(-1), 'a late instruction stays late')
  }),

  early_error: bothWays(async (cell, stream) => {
    for (const [status, reason] of Object.entries(EXPECTED.reasons)) {
      await simulator.script([{ then: { status: Number(status) } }])
      const heard = await cell.failed(status, stream)
      assert.ok(cell.client.message(heard).endsWith(`simulated failure: ${reason}`), cell.client.message(heard))
    }
    await cell.recover()
  }),

  late_error: bothWays(async (cell, stream) => {
    await simulator.script([{ then: { fault: { error_event: stream ? 8 : 0 } } }])
    const heard = await cell.failed(stream ? 'late' : 'disguised', stream)
    assert.ok(cell.client.message(heard).endsWith('simulated overload'), cell.client.message(heard))
    assert.ok(!stream || heard.text.startsWith('word1 word2 '), 'what was said before the error arrives')
    await cell.recover()
  }),

  async truncation(cell) {
    for (const [stream, fault] of [[false, { cut_after_events: 1 }], [true, { cut_after_events: 8 }], [true, 'no_terminal']]) {
      await simulator.script([{ then: { fault } }])
      const heard = await cell.failed(stream ? 'cut' : '502', stream)
      assert.ok(!stream || heard.text.startsWith('word1 word2 '), 'what was said before the cut arrives')
      await cell.recover()
    }
  },

  // Every answer is thought of twice, once for the provider's eyes only: it finds all that it noted, each time.
  thinking_over_three_turns: bothWays(async (cell, stream) => {
    for (const [channel, kept] of Object.entries(THINKERS[cell.upstream])) {
      // The SDK's helper for streams keeps the last of a router's details alone, where nobody translates.
      if (channel === 'router' && cell.client.name === 'chat' && stream) continue
      const turns = []
      const answers = []
      for (const place of ['first', 'second', 'third']) {
        turns.push({ user: `What is the ${place} place?` })
        for (const calls of [true, false]) {
          const thought = `Thought ${answers.length} of ${cell.pair}, ${stream}.`
          const said = calls ? { calls: [OSLO] } : { say: `No ${thought}` }
          await simulator.script([{ then: { thinks: [thought, ''], ...said } }])
          const talk = { turns, withTool: true, thinks: true, limit: 9000 }
          const heard = await cell.answered(talk, stream, calls ? 'tool' : 'end', channel)
          const { finds, number, body } = (await simulator.seen()).at(-1)
          assert.deepEqual(own(finds), answers.flatMap(kept), body)
          answers.push({ answer: number, calls, thought })
          turns.push({ again: heard }, ...heard.calls.map((call) => ({ call, result: '17 degrees' })))
        }
      }
    }
  }),
}

// What a provider finds of its own. Thoughts in words count with calls only: no provider wants others back.
function own(finds) {
  return finds.filter((find, place) => find.thought === undefined || finds[place + 1]?.call !== undefined)
}

const note = (answer, place) => ({ note: { answer, place } })
const calledIn = ({ answer, calls }) => (calls ? [{ call: { answer } }] : [])
// A note for each thought.
const notes = (said) => [note(said.answer, 1), note(said.answer, 2), ...calledIn(said)]
// One note: with the call, or with the text where there is none.
const signature = (said) => [note(said.answer, said.calls ? 1 : 2), ...calledIn(said)]
// The thoughts themselves, with calls.
const thoughts = (said) => (said.calls ? [{ thought: said.thought }, ...calledIn(said)] : [])

// Who thinks behind each protocol, and what it wants back.
const THINKERS = {
  chat: { thoughtful: thoughts, router: notes },
  responses: { responses: notes },
  messages: { messages: notes },
  gemini: { gemini: signature },
}

// Plays a case whole, then streamed.
function bothWays(play) {
  return async (cell) => {
    for (const stream of [false, true]) await play(cell, stream)
  }
}

// The mark of every pair and case: passed (.), passed with notes (n), refused by name (r), failed (x).
const table = {}
afterEach(() => simulator.script([]))

for (const [name, play] of Object.entries(CASES)) {
  for (const client of SPEAKERS) {
    for (const { name: upstream } of SPEAKERS) {
      const cell = new Cell(name, client, upstream)
      test(`${name}: ${cell.pair}`, async () => {
        const row = (table[cell.pair] ??= {})
        row[name] = 'x'
        await play(cell)
        assert.deepEqual([...cell.notes].sort(), EXPECTED.notes[name]?.[cell.pair] ?? [])
        row[name] = cell.refused ? 'r' : cell.notes.size > 0 ? 'n' : '.'
      })
    }
  }
}

test('no cell of the table is missing', () => {
  assert.deepEqual(Object.keys(CASES), EXPECTED.cases)
  assert.equal(Object.keys(table).length, SPEAKERS.length ** 2)
  for (const row of Object.values(table)) assert.deepEqual(Object.keys(row), EXPECTED.cases)
})

after(() => {
  console.log('pairs: . passed, n with notes, r refused by name, x failed')
  const line = (pair, marks) => [pair.padEnd(21), ...marks].join('  ').trimEnd()
  console.log(line('', EXPECTED.cases))
  for (const [pair, row] of Object.entries(table)) {
    console.log(line(pair, EXPECTED.cases.map((name) => (row[name] ?? ' ').padEnd(name.length))))
  }
})
