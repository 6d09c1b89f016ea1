/** One answer of the API: status, headers and parsed body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The tests look into answers of many shapes; what they expect is asserted where it is read.
  readonly body: Record<string, never> & { readonly data: readonly Record<string, never>[] };
}

/** Calls the public REST API with one credential, as a program of a customer would. */
export class ApiClient {
  private readonly url: string;
  private readonly key: string | undefined;
  private readonly headers: Record<string, string>;

  constructor(url: string, key: string | undefined, headers: Record<string, string> = {}) {
    this.url = url;
    this.key = key;
    this.headers = headers;
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }
}
