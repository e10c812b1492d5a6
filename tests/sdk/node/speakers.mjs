// The three SDKs as speakers of the four protocols: one conversation, told in each protocol's own words.
//
// A test says what a program wants in a talk: { turns, withTool, schema, limit, thinks }, where a turn is one of
// { system }, { user, image, pdf }, { model }, { again: heard } and { call, result, image }. A speaker asks it through its
// SDK and brings the SDK's final objects into one shape, a heard answer. What a speaker heard goes back into the next
// request as the SDK gave it, as programs do.

import assert from 'node:assert/strict'

import Anthropic from '@anthropic-ai/sdk'
import { ApiError } from '@google/genai'
import OpenAI from 'openai'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'

import { GATEWAY, PNG, anthropicClient, googleClient, openaiClient } from './surfaces.mjs'

export const PNG_TEXT = PNG.toString('base64')
export const PDF_TEXT = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
).toString('base64')
const PNG_URL = `data:image/png;base64,${PNG_TEXT}`
const PDF_URL = `data:application/pdf;base64,${PDF_TEXT}`
const LIMIT = 1000
const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

// What all turns of one kind that follow one another become.
function grouped(turns) {
  const groups = []
  for (const turn of turns) {
    if (turn.call && groups.at(-1)?.[0].call) groups.at(-1).push(turn)
    else groups.push([turn])
  }
  return groups
}

// The first turn's instructions, where the protocol has a place for them, and the other turns.
function instructed([first, ...rest]) {
  return first.system ? [first.system, rest] : [undefined, [first, ...rest]]
}

// OpenAI: chat completions

function chatParts({ user, result, image, pdf }) {
  return [
    { type: 'text', text: user ?? result },
    ...(image ? [{ type: 'image_url', image_url: { url: PNG_URL } }] : []),
    ...(pdf ? [{ type: 'file', file: { filename: 'paper.pdf', file_data: PDF_URL } }] : []),
  ]
}

function chatMessage(turn) {
  if (turn.system) return { role: 'system', content: turn.system }
  if (turn.model) return { role: 'assistant', content: turn.model }
  if (turn.again) return turn.again.own
  const content = turn.image || turn.pdf ? chatParts(turn) : (turn.user ?? turn.result)
  return turn.call ? { role: 'tool', tool_call_id: turn.call.id, content } : { role: 'user', content }
}

function chatRequest(model, { turns, withTool, schema, limit = LIMIT, thinks }) {
  const tool = { type: 'function', function: { name: 'get_weather', parameters: WEATHER } }
  const format = { type: 'json_schema', json_schema: { name: 'plan', schema, strict: true } }
  return {
    model,
    messages: turns.map(chatMessage),
    max_completion_tokens: limit,
    ...(withTool && { tools: [tool] }),
    ...(thinks && { reasoning_effort: 'high' }),
    ...(schema && { response_format: format }),
  }
}

function chatHeard({ choices: [{ message, finish_reason }], usage }) {
  const calls = message.tool_calls ?? []
  return {
    text: message.content ?? '',
    refusal: message.refusal ?? null,
    calls: calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: JSON.parse(text) })),
    stop: finish_reason,
    usage: [usage.prompt_tokens, usage.completion_tokens],
    own: message,
  }
}

async function chatWhole(model, talk, heard) {
  const asked = openaiClient(GATEWAY).chat.completions.create(chatRequest(model, talk))
  const { data, response } = await asked.withResponse()
  Object.assign(heard, chatHeard(data), { headers: response.headers })
}

async function chatStreamed(model, talk, heard) {
  const request = { ...chatRequest(model, talk), stream: true, stream_options: { include_usage: true } }
  const { data, response } = await openaiClient(GATEWAY).chat.completions.create(request).withResponse()
  heard.headers = response.headers
  const stream = ChatCompletionStream.fromReadableStream(data.toReadableStream())
  stream.on('content', (piece) => hear(heard, piece))
  settle(heard, chatHeard(await stream.finalChatCompletion()))
}

// OpenAI: responses

function responsesParts({ user, result, image, pdf }) {
  return [
    { type: 'input_text', text: user ?? result },
    ...(image ? [{ type: 'input_image', image_url: PNG_URL, detail: 'auto' }] : []),
    ...(pdf ? [{ type: 'input_file', filename: 'paper.pdf', file_data: PDF_URL }] : []),
  ]
}

function responsesItems(turn) {
  if (turn.system) return [{ role: 'developer', content: turn.system }]
  if (turn.model) return [{ role: 'assistant', content: turn.model }]
  if (turn.again) return turn.again.own
  if (turn.user) return [{ role: 'user', content: responsesParts(turn) }]
  const output = turn.image ? responsesParts(turn) : turn.result
  return [{ type: 'function_call_output', call_id: turn.call.id, output }]
}

function responsesRequest(model, { turns, withTool, schema, limit = LIMIT, thinks }) {
  const [instructions, rest] = instructed(turns)
  const tool = { type: 'function', name: 'get_weather', parameters: WEATHER, strict: true }
  const reasoning = { effort: 'high', summary: 'auto' }
  return {
    model,
    input: rest.flatMap(responsesItems),
    max_output_tokens: limit,
    ...(instructions && { instructions }),
    ...(withTool && { tools: [tool] }),
    ...(thinks && { reasoning, store: false, include: ['reasoning.encrypted_content'] }),
    ...(schema && { text: { format: { type: 'json_schema', name: 'plan', schema, strict: true } } }),
  }
}

function responsesHeard({ output, status, incomplete_details: details, usage }) {
  const parts = output.filter((item) => item.type === 'message').flatMap((item) => item.content)
  const calls = output.filter((item) => item.type === 'function_call')
  return {
    text: parts.map((part) => part.text ?? '').join(''),
    refusal: parts.find((part) => part.type === 'refusal')?.refusal ?? null,
    calls: calls.map(({ call_id: id, name, arguments: text }) => ({ id, name, arguments: JSON.parse(text) })),
    stop: details ? `${status}: ${details.reason}` : status,
    usage: [usage.input_tokens, usage.output_tokens],
    own: output,
  }
}

async function responsesWhole(model, talk, heard) {
  const asked = openaiClient(GATEWAY).responses.create(responsesRequest(model, talk))
  const { data, response } = await asked.withResponse()
  Object.assign(heard, responsesHeard(data), { headers: response.headers })
}

async function responsesStreamed(model, talk, heard) {
  const request = { ...responsesRequest(model, talk), stream: true }
  const { data, response } = await openaiClient(GATEWAY).responses.create(request).withResponse()
  heard.headers = response.headers
  for await (const event of data) {
    if (event.type === 'response.output_text.delta') hear(heard, event.delta)
    if (event.type === 'response.failed') heard.told = event.response.error
    if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      settle(heard, responsesHeard(event.response))
    }
  }
}

// Anthropic: messages

function messagesBlocks({ user, result, image, pdf }) {
  const source = (media_type, data) => ({ type: 'base64', media_type, data })
  return [
    { type: 'text', text: user ?? result },
    ...(image ? [{ type: 'image', source: source('image/png', PNG_TEXT) }] : []),
    ...(pdf ? [{ type: 'document', source: source('application/pdf', PDF_TEXT) }] : []),
  ]
}

function messagesMessage(turns) {
  const [turn] = turns
  if (turn.system) return { role: 'system', content: turn.system }
  if (turn.model) return { role: 'assistant', content: turn.model }
  if (turn.again) return { role: 'assistant', content: turn.again.own }
  if (turn.user) return { role: 'user', content: messagesBlocks(turn) }
  const result = (turn) => ({
    type: 'tool_result',
    tool_use_id: turn.call.id,
    content: turn.image ? messagesBlocks(turn) : turn.result,
  })
  return { role: 'user', content: turns.map(result) }
}

function messagesRequest(model, { turns, withTool, schema, limit = LIMIT, thinks }) {
  const [system, rest] = instructed(turns)
  return {
    model,
    messages: grouped(rest).map(messagesMessage),
    max_tokens: limit,
    ...(system && { system }),
    ...(withTool && { tools: [{ name: 'get_weather', input_schema: WEATHER }] }),
    ...(thinks && { thinking: { type: 'enabled', budget_tokens: 2000 } }),
    ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
  }
}

function messagesHeard({ content, stop_reason, stop_details, usage }) {
  const texts = content.filter((block) => block.type === 'text')
  const calls = content.filter((block) => block.type === 'tool_use')
  return {
    text: texts.map((block) => block.text).join(''),
    refusal: stop_details?.explanation ?? null,
    calls: calls.map(({ id, name, input }) => ({ id, name, arguments: input })),
    stop: stop_reason,
    usage: [usage.input_tokens, usage.output_tokens],
    own: content,
  }
}

async function messagesWhole(model, talk, heard) {
  const asked = anthropicClient(GATEWAY).messages.create(messagesRequest(model, talk))
  const { data, response } = await asked.withResponse()
  Object.assign(heard, messagesHeard(data), { headers: response.headers })
}

async function messagesStreamed(model, talk, heard) {
  const stream = anthropicClient(GATEWAY).messages.stream(messagesRequest(model, talk))
  stream.on('text', (piece) => hear(heard, piece))
  const { response } = await stream.withResponse()
  heard.headers = response.headers
  settle(heard, messagesHeard(await stream.finalMessage()))
}

// Google: generateContent

function geminiContent(turns) {
  const [turn] = turns
  const inline = (mimeType, data) => ({ inlineData: { mimeType, data } })
  if (turn.model) return { role: 'model', parts: [{ text: turn.model }] }
  if (turn.again) return { role: 'model', parts: turn.again.own }
  if (turn.user) {
    const image = turn.image ? [inline('image/png', PNG_TEXT)] : []
    const pdf = turn.pdf ? [inline('application/pdf', PDF_TEXT)] : []
    return { role: 'user', parts: [{ text: turn.user }, ...image, ...pdf] }
  }
  const response = ({ call, result, image }) => ({
    functionResponse: {
      id: call.id,
      name: call.name,
      response: { output: result },
      ...(image && { parts: [inline('image/png', PNG_TEXT)] }),
    },
  })
  return { role: 'user', parts: turns.map(response) }
}

function geminiRequest(model, { turns, withTool, schema, limit = LIMIT, thinks }) {
  const instructions = turns.filter((turn) => turn.system).map((turn) => ({ text: turn.system }))
  const tool = { functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: WEATHER }] }
  return {
    model,
    contents: grouped(turns.filter((turn) => !turn.system)).map(geminiContent),
    config: {
      maxOutputTokens: limit,
      ...(instructions.length > 0 && { systemInstruction: { parts: instructions } }),
      ...(withTool && { tools: [tool] }),
      ...(thinks && { thinkingConfig: { includeThoughts: true, thinkingLevel: 'HIGH' } }),
      ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    },
  }
}

// Adds what a whole answer says, or the next chunk of one.
function geminiHear(heard, answer) {
  heard.headers ??= new Headers(answer.sdkHttpResponse.headers)
  const [candidate] = answer.candidates ?? []
  const parts = candidate?.content?.parts ?? []
  heard.own = [...(heard.own ?? []), ...parts.filter((part) => part.text !== '' || part.thoughtSignature)]
  for (const { text, thought, functionCall } of parts) {
    if (text && !thought) hear(heard, text)
    if (functionCall) heard.calls.push({ id: functionCall.id, name: functionCall.name, arguments: functionCall.args })
  }
  heard.stop = candidate?.finishReason ?? heard.stop
  const used = answer.usageMetadata
  if (used) heard.usage = [used.promptTokenCount, (used.candidatesTokenCount ?? 0) + (used.thoughtsTokenCount ?? 0)]
}

async function geminiWhole(model, talk, heard) {
  geminiHear(heard, await googleClient(GATEWAY).models.generateContent(geminiRequest(model, talk)))
}

async function geminiStreamed(model, talk, heard) {
  for await (const chunk of await googleClient(GATEWAY).models.generateContentStream(geminiRequest(model, talk))) {
    geminiHear(heard, chunk)
  }
}

// The error object that Google's SDK writes into its message.
const googleError = ({ message }) => JSON.parse(message.slice(message.indexOf('{'))).error

// What all have in common

function hear(heard, piece) {
  heard.text += piece
  heard.pieces += piece ? 1 : 0
}

// Takes the whole answer for what was heard; its pieces must add up to it.
function settle(heard, whole) {
  assert.equal(whole.text, heard.text, 'the deltas add up')
  Object.assign(heard, whole)
}

const openaiFault = ({ error }) => [error.status ?? null, error.type]

export const SPEAKERS = [
  {
    name: 'chat',
    whole: chatWhole,
    streamed: chatStreamed,
    raises: [OpenAI.APIError],
    fault: openaiFault,
    message: ({ error }) => error.error.message,
  },
  {
    name: 'responses',
    whole: responsesWhole,
    streamed: responsesStreamed,
    // Within a stream the SDK hands the failure on as an event; what throws is the connection that breaks after it.
    raises: [OpenAI.APIError, TypeError],
    fault: (heard) => (heard.told ? [null, heard.told.code] : openaiFault(heard)),
    message: ({ told, error }) => (told ?? error.error).message,
  },
  {
    name: 'messages',
    whole: messagesWhole,
    streamed: messagesStreamed,
    raises: [Anthropic.APIError],
    fault: ({ error }) => [error.status ?? null, error.error.error.type],
    message: ({ error }) => error.error.error.message,
  },
  {
    name: 'gemini',
    whole: geminiWhole,
    streamed: geminiStreamed,
    raises: [ApiError],
    fault: ({ error }) => [googleError(error).code, googleError(error).status],
    message: ({ error }) => googleError(error).message,
  },
]

// Asks, and returns what was heard: an answer, or as much of one as came before the error.
export async function ask(speaker, model, talk, stream) {
  const heard = { text: '', refusal: null, calls: [], pieces: 0 }
  try {
    await (stream ? speaker.streamed : speaker.whole)(model, talk, heard)
  } catch (error) {
    if (!speaker.raises.some((kind) => error instanceof kind)) throw error
    heard.error = error
    heard.headers ??= error.headers
  }
  return heard
}
