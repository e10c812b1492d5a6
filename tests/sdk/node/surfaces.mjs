// The ways in which the three SDKs ask for an answer, brought to one shape so that one test can hold for all.
//
// Each surface is asked the same questions at two ends: the gateway, and the simulated provider itself. What the
// provider says directly is what the gateway has to deliver.

import Anthropic from '@anthropic-ai/sdk'
import { ApiError, GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'

export const GATEWAY = { url: process.env.SLUICE_URL, key: process.env.SLUICE_KEY }
export const PROVIDER = { url: process.env.SIM_URL, key: 'key-of-nobody' }
export const STRANGER = { url: process.env.SLUICE_URL, key: 'sk-not-the-key' }

export const openaiClient = ({ url, key }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
export const anthropicClient = ({ url, key }) => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
export const googleClient = ({ url, key }) => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } })

// A red pixel. Nothing in it is text, so any re-encoding on the way would show.
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
)
const PNG_BASE64 = PNG.toString('base64')
const DATA_URL = `data:image/png;base64,${PNG_BASE64}`
const decoded = (dataUrl) => Buffer.from(dataUrl.split('base64,')[1], 'base64')

const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' } },
  required: ['city', 'days'],
}

// OpenAI: chat completions

function chatRequest({ prompt, model, withTool, withImage }) {
  const text = { type: 'text', text: prompt }
  const image = { type: 'image_url', image_url: { url: DATA_URL } }
  const tool = { type: 'function', function: { name: 'get_weather', parameters: WEATHER } }
  return {
    model,
    messages: [{ role: 'user', content: withImage ? [text, image] : prompt }],
    ...(withTool && { tools: [tool] }),
  }
}

async function chatWhole(end, question) {
  const { data, response } = await openaiClient(end).chat.completions.create(chatRequest(question)).withResponse()
  const message = data.choices[0].message
  const call = message.tool_calls?.[0]?.function
  return {
    text: message.content ?? '',
    tool: call && { name: call.name, arguments: JSON.parse(call.arguments) },
    usage: [data.usage.prompt_tokens, data.usage.completion_tokens],
    headers: response.headers,
  }
}

async function chatStreamed(end, question) {
  const request = { ...chatRequest(question), stream: true, stream_options: { include_usage: true } }
  const { data, response } = await openaiClient(end).chat.completions.create(request).withResponse()
  let [text, name, args, usage] = ['', undefined, '', undefined]
  for await (const chunk of data) {
    if (chunk.usage) usage = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]
    for (const { delta } of chunk.choices) {
      text += delta.content ?? ''
      for (const call of delta.tool_calls ?? []) {
        name = call.function.name ?? name
        args += call.function.arguments ?? ''
      }
    }
  }
  return { text, tool: name && { name, arguments: JSON.parse(args) }, usage, headers: response.headers }
}

// OpenAI: responses

function responsesRequest({ prompt, model, withTool, withImage }) {
  const text = { type: 'input_text', text: prompt }
  const image = { type: 'input_image', image_url: DATA_URL, detail: 'auto' }
  const tool = { type: 'function', name: 'get_weather', parameters: WEATHER, strict: false }
  return {
    model,
    input: [{ role: 'user', content: withImage ? [text, image] : [text] }],
    ...(withTool && { tools: [tool] }),
  }
}

async function responsesWhole(end, question) {
  const { data, response } = await openaiClient(end).responses.create(responsesRequest(question)).withResponse()
  return responsesAnswer(data, response.headers)
}

async function responsesStreamed(end, question) {
  const request = { ...responsesRequest(question), stream: true }
  const { data, response } = await openaiClient(end).responses.create(request).withResponse()
  let completed
  for await (const event of data) {
    if (event.type === 'response.completed') completed = event.response
  }
  return responsesAnswer(completed, response.headers)
}

function responsesAnswer(data, headers) {
  const messages = data.output.filter((item) => item.type === 'message')
  const call = data.output.find((item) => item.type === 'function_call')
  return {
    text: messages.flatMap((item) => item.content.map((part) => part.text)).join(''),
    tool: call && { name: call.name, arguments: JSON.parse(call.arguments) },
    usage: [data.usage.input_tokens, data.usage.output_tokens],
    headers,
  }
}

// Anthropic: messages

function messagesRequest({ prompt, model, withTool, withImage }) {
  const text = { type: 'text', text: prompt }
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG_BASE64 } }
  return {
    model,
    max_tokens: 1000,
    messages: [{ role: 'user', content: withImage ? [text, image] : [text] }],
    ...(withTool && { tools: [{ name: 'get_weather', input_schema: WEATHER }] }),
  }
}

async function messagesWhole(end, question) {
  const { data, response } = await anthropicClient(end).messages.create(messagesRequest(question)).withResponse()
  return messagesAnswer(data, response.headers)
}

async function messagesStreamed(end, question) {
  const { data, response } = await anthropicClient(end).messages.stream(messagesRequest(question)).withResponse()
  return messagesAnswer(await data.finalMessage(), response.headers)
}

function messagesAnswer(message, headers) {
  const texts = message.content.filter((block) => block.type === 'text').map((block) => block.text)
  const call = message.content.find((block) => block.type === 'tool_use')
  return {
    text: texts.join(''),
    tool: call && { name: call.name, arguments: call.input },
    usage: [message.usage.input_tokens, message.usage.output_tokens],
    headers,
  }
}

// Google: generateContent

function geminiRequest({ prompt, model, withTool, withImage }) {
  const image = { inlineData: { mimeType: 'image/png', data: PNG_BASE64 } }
  const tool = { functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: WEATHER }] }
  return {
    model,
    contents: withImage ? [prompt, image] : prompt,
    ...(withTool && { config: { tools: [tool] } }),
  }
}

async function geminiWhole(end, question) {
  return geminiAnswer([await googleClient(end).models.generateContent(geminiRequest(question))])
}

async function geminiStreamed(end, question) {
  const chunks = []
  for await (const chunk of await googleClient(end).models.generateContentStream(geminiRequest(question))) {
    chunks.push(chunk)
  }
  return geminiAnswer(chunks)
}

function geminiAnswer(chunks) {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const call = parts.find((part) => part.functionCall)?.functionCall
  const used = chunks.at(-1).usageMetadata
  return {
    text: parts.map((part) => part.text ?? '').join(''),
    tool: call && { name: call.name, arguments: call.args },
    usage: [used.promptTokenCount, used.candidatesTokenCount],
    headers: new Headers(chunks[0].sdkHttpResponse.headers),
  }
}

const chat = {
  model: 'gpt-test',
  alias: 'quick-gpt',
  channels: 'openai',
  preamble: 1, // how many events of a stream may come before its first word
  imageIn: (body) => decoded(body.messages.at(-1).content[1].image_url.url),
  anyError: OpenAI.APIError,
  cutError: OpenAI.APIError,
  wrongKey: OpenAI.AuthenticationError,
}
const responses = {
  ...chat,
  imageIn: (body) => decoded(body.input.at(-1).content[1].image_url),
  // The SDK hands `response.failed` on as an event like any other; what throws is the connection that breaks after it.
  cutError: TypeError,
}
const messages = {
  model: 'claude-test',
  alias: 'quick-claude',
  channels: 'claude',
  preamble: 1,
  imageIn: (body) => Buffer.from(body.messages.at(-1).content[1].source.data, 'base64'),
  anyError: Anthropic.APIError,
  cutError: Anthropic.APIError,
  wrongKey: Anthropic.AuthenticationError,
}
const gemini = {
  model: 'gemini-test',
  alias: 'quick-gemini',
  channels: 'gemini',
  preamble: 0,
  imageIn: (body) => Buffer.from(body.contents.at(-1).parts[1].inlineData.data, 'base64'),
  anyError: ApiError,
  cutError: ApiError,
  wrongKey: ApiError,
}

// Each way to ask, and what the tests must know of the provider's side of it.
export const WHOLE = [
  { name: 'openai chat', ask: chatWhole, ...chat },
  { name: 'openai responses', ask: responsesWhole, ...responses },
  { name: 'anthropic messages', ask: messagesWhole, ...messages },
  { name: 'google generate', ask: geminiWhole, ...gemini },
]
export const STREAMED = [
  { name: 'openai chat stream', ask: chatStreamed, ...chat },
  { name: 'openai responses stream', ask: responsesStreamed, ...responses },
  { name: 'anthropic messages stream', ask: messagesStreamed, ...messages },
  { name: 'google generate stream', ask: geminiStreamed, ...gemini },
]
