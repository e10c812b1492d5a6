// Claims about counting tokens: every SDK that counts gets a number of its own type, whatever the channel speaks.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { GATEWAY, anthropicClient, googleClient, openaiClient } from './surfaces.mjs'

const QUESTION = 'how long is this question, asked from Node?'

const COUNTS = {
  anthropic: async (model) => {
    const messages = [{ role: 'user', content: QUESTION }]
    return (await anthropicClient(GATEWAY).messages.countTokens({ model, messages })).input_tokens
  },
  openai: async (model) => {
    const counted = await openaiClient(GATEWAY).responses.inputTokens.count({ model, input: QUESTION })
    assert.equal(counted.object, 'response.input_tokens')
    return counted.input_tokens
  },
  google: async (model) => (await googleClient(GATEWAY).models.countTokens({ model, contents: QUESTION })).totalTokens,
}

for (const [sdk, count] of Object.entries(COUNTS)) {
  for (const upstream of ['chat', 'responses', 'messages', 'gemini']) {
    test(`${sdk}: tokens are counted through a channel that speaks ${upstream}`, async () => {
      const tokens = await count(`via-${upstream}`)
      assert.ok(Number.isInteger(tokens) && tokens > 0, String(tokens))
    })
  }
}
