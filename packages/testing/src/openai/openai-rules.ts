import type { OpenAiRequest, Refusal } from './openai-wire.js';

/** Why the real OpenAI would refuse this request, or undefined when it would answer. */
export function refusalOf(request: OpenAiRequest): Refusal | undefined {
  const { authorization } = request.headers;
  if (typeof authorization !== 'string' || !/^Bearer .+/.test(authorization)) {
    return { status: 401, code: 'invalid_api_key', message: 'You didn’t provide an API key.' };
  }
  if (typeof request.body['model'] !== 'string') return bad('you must provide a model parameter');
  if (request.path === '/v1/embeddings') return embeddingsRefusal(request.body['input']);
  if (request.path === '/v1/chat/completions') return chatRefusal(request.body);
  return { status: 404, message: `Invalid URL (POST ${request.path})` };
}

function embeddingsRefusal(input: unknown): Refusal | undefined {
  const texts = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || texts.length > 2048) return bad("'input' must have 1 to 2048 items");
  return texts.every((text) => typeof text === 'string' && text !== '') ? undefined : bad("'$.input' is invalid");
}

function chatRefusal(body: OpenAiRequest['body']): Refusal | undefined {
  const { messages, response_format: format } = body as { messages?: unknown; response_format?: unknown };
  if (!Array.isArray(messages) || messages.length === 0) return bad("[] is too short - 'messages'");
  const { type, json_schema: given } = (format ?? {}) as { type?: string; json_schema?: GivenSchema };
  if (type !== 'json_schema') return undefined;
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(given?.name ?? '')) return bad("Invalid 'response_format.json_schema.name'");
  const problem = given?.strict === true ? looseness(given.schema, []) : undefined;
  return problem === undefined ? undefined : bad(`Invalid schema for response_format '${given?.name}': ${problem}`);
}

interface GivenSchema {
  readonly name?: string;
  readonly strict?: boolean;
  readonly schema?: unknown;
}

/** What strict mode objects to in a JSON schema: it wants closed objects and every property required. */
function looseness(schema: unknown, path: readonly string[]): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (Array.isArray(schema))
    return firstLoose(
      schema.map((part, index) => [String(index), part]),
      path,
    );
  const { type, properties, required, additionalProperties } = schema as Record<string, unknown>;
  const where = `In context=(${path.map((part) => `'${part}'`).join(', ')})`;
  if (type === 'object') {
    if (additionalProperties !== false) return `${where}, 'additionalProperties' is required to be supplied and to be false.`;
    const optional = Object.keys(properties ?? {}).find((key) => !(Array.isArray(required) && required.includes(key)));
    if (optional !== undefined) return `${where}, 'required' must include every key in properties. Missing '${optional}'.`;
  }
  return firstLoose(Object.entries(schema), path);
}

function firstLoose(entries: readonly (readonly [string, unknown])[], path: readonly string[]): string | undefined {
  for (const [key, part] of entries) {
    const problem = looseness(part, [...path, key]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function bad(message: string): Refusal {
  return { status: 400, message };
}
