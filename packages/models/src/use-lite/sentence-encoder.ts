import { openKernel, type Multiply, type WasmMemory } from './matrix-kernel.ts';
import { WeightFiles } from './weights.ts';

// The universal sentence encoder, lite: a transformer of two layers over at most 128 pieces of a text, the mean of what
// comes out, and one more layer.

const longest = 128;
const heads = 4;
const wordWidth = 256;
const width = 512;
const widest = 1_536;
/** Columns of a matrix that the kernel takes at a time. */
const panel = 16;

const encode = 'module_apply_default/Encoder_en/KonaTransformer/Encode';
const words = 'module/Embeddings_en';
const frequencies = `${encode}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`;
const hidden = 'module/Encoder_en/hidden_layers/tanh_layer_0';

/** A part of the memory as numbers. */
type Numbers = Float32Array<ArrayBuffer>;

interface Layer {
  /** Numbers per piece that come in; `width` go out. */
  readonly width: number;
  readonly attentionNorm: Norm;
  readonly queriesKeysValues: Dense;
  readonly attended: Dense;
  /** What comes in, at the width of what goes out; not needed where both are the same. */
  readonly widened: Dense | undefined;
  readonly norm: Norm;
  readonly inner: Dense;
  readonly outer: Dense;
}

interface Norm {
  readonly scale: Numbers;
  readonly bias: Numbers;
}

interface Dense {
  readonly kernel: Numbers;
  readonly bias: Numbers;
}

/** Hands out parts of a memory, each at the start of a cache line. */
function partsOf(memory: WasmMemory): (numbers: number) => Numbers {
  let used = 0;
  return (numbers) => {
    const part = new Float32Array(memory.buffer, used, numbers);
    used += Math.ceil((numbers * 4) / 64) * 64;
    return part;
  };
}

/** Computes the vectors of texts whose pieces are known, on 24 MB of memory; what it knows of words stays in the files. */
export class SentenceEncoder {
  readonly #files: WeightFiles;
  readonly #multiply: Multiply;
  readonly #layers: readonly Layer[];
  readonly #frequencies: Numbers;
  readonly #hidden: Dense;
  // Room for one text: what goes through the layers, it at one mean and spread, the widest thing between, what the heads
  // found, and of one head its keys or values in panels, and how much each piece looks at each.
  readonly #stream: Numbers;
  readonly #normal: Numbers;
  readonly #wide: Numbers;
  readonly #found: Numbers;
  readonly #other: Numbers;
  readonly #looks: Numbers;

  /** Reads the weights from a folder of a model. */
  constructor(directory: URL) {
    this.#files = new WeightFiles(directory);
    const { memory, multiply } = openKernel(24 * 1_048_576);
    this.#multiply = multiply;
    const take = partsOf(memory);
    const weight = (name: string): Numbers => {
      const numbers = take(this.#files.bytesOf(name) / 4);
      this.#files.read(name, bytesOf(numbers));
      return numbers;
    };
    const asItLies = new Float32Array(width * widest);
    const kernel = (name: string, rows: number): Numbers => {
      const numbers = take(this.#files.bytesOf(name) / 4);
      const columns = numbers.length / rows;
      this.#files.read(name, bytesOf(asItLies.subarray(0, numbers.length)));
      for (let start = 0; start < numbers.length; start += panel) {
        const place = inPanels(Math.floor(start / columns), start % columns, rows);
        for (let index = 0; index < panel; index += 1) numbers[place + index] = at(asItLies, start + index);
      }
      return numbers;
    };
    this.#layers = [layerOf(0, wordWidth, { weight, kernel }), layerOf(1, width, { weight, kernel })];
    this.#frequencies = weight(frequencies);
    this.#hidden = { kernel: kernel(`${hidden}/weights`, width), bias: weight(`${hidden}/bias`) };
    this.#stream = take(longest * width);
    this.#normal = take(longest * width);
    this.#wide = take(longest * widest);
    this.#found = take(longest * width);
    this.#other = take(longest * (width / heads));
    this.#looks = take(longest * longest);
  }

  /** The unit vector, of 512 numbers, of a text of at least one piece; pieces after the 128th are not looked at. */
  encode(pieces: readonly number[]): Float32Array {
    const count = Math.min(pieces.length, longest);
    this.#readWords(pieces.slice(0, count));
    for (const layer of this.#layers) this.#through(layer, count);
    return this.#summary(count);
  }

  /** What the model knows of each piece, twice (as it was trained), and where it stands. */
  #readWords(pieces: readonly number[]): void {
    const half = this.#frequencies.length;
    pieces.forEach((piece, place) => {
      const word = this.#stream.subarray(place * wordWidth, (place + 1) * wordWidth);
      this.#files.read(words, bytesOf(word), piece * wordWidth * 4);
      this.#frequencies.forEach((frequency, index) => {
        word[index] = 2 * at(word, index) + Math.sin(place * frequency);
        word[half + index] = 2 * at(word, half + index) + Math.cos(place * frequency);
      });
    });
  }

  #through(layer: Layer, count: number): void {
    const { width: incoming, widened, attended } = layer;
    normalise(this.#stream, this.#normal, layer.attentionNorm, count);
    this.#dense(this.#normal, layer.queriesKeysValues, this.#wide, count);
    for (let head = 0; head < heads; head += 1) this.#attend(head, incoming, count);
    if (widened !== undefined) {
      this.#normal.set(this.#stream.subarray(0, count * incoming));
      this.#dense(this.#normal, widened, this.#stream, count);
    }
    this.#addDense(this.#found, attended, this.#stream, count);
    normalise(this.#stream, this.#normal, layer.norm, count);
    this.#dense(this.#normal, layer.inner, this.#wide, count);
    const inner = this.#wide.subarray(0, count * layer.inner.bias.length);
    for (let index = 0; index < inner.length; index += 1) inner[index] = Math.max(0, at(inner, index));
    this.#addDense(this.#wide, layer.outer, this.#stream, count);
  }

  /** One head: each piece takes from the values of all pieces, by how well its query fits their keys. */
  #attend(head: number, incoming: number, count: number): void {
    const size = incoming / heads;
    const stride = 3 * incoming;
    const across = roundedUp(count, panel);
    const rows = roundedUp(count, 2);
    const start = head * size;
    const keys = this.#other.subarray(0, size * across).fill(0);
    for (let piece = 0; piece < count; piece += 1) {
      const from = piece * stride + incoming + start;
      for (let index = 0; index < size; index += 1) keys[inPanels(index, piece, size)] = at(this.#wide, from + index);
    }
    const looks = this.#looks.subarray(0, rows * across).fill(0);
    const queries = this.#wide.byteOffset + start * 4;
    this.#multiply(queries, stride * 4, keys.byteOffset, looks.byteOffset, across * 4, rows, size, across);
    for (let piece = 0; piece < count; piece += 1) {
      softmax(looks.subarray(piece * across, piece * across + count), 1 / Math.sqrt(size));
    }
    const values = this.#other;
    for (let piece = 0; piece < count; piece += 1) {
      const from = piece * stride + 2 * incoming + start;
      for (let index = 0; index < size; index += 1) values[inPanels(piece, index, count)] = at(this.#wide, from + index);
    }
    for (let piece = 0; piece < rows; piece += 1) this.#found.fill(0, piece * incoming + start, piece * incoming + start + size);
    const found = this.#found.byteOffset + start * 4;
    this.#multiply(looks.byteOffset, across * 4, values.byteOffset, found, incoming * 4, rows, count, size);
  }

  #summary(count: number): Float32Array {
    const mean = this.#normal.subarray(0, width).fill(0);
    const stream = this.#stream.subarray(0, count * width);
    stream.forEach((value, index) => (mean[index % width] = at(mean, index % width) + value / count));
    this.#dense(mean, this.#hidden, this.#wide, 1);
    const vector = this.#wide.slice(0, width).map(Math.tanh);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    return vector.map((value) => value / length);
  }

  /** `y = x · kernel + bias` */
  #dense(x: Numbers, dense: Dense, y: Numbers, count: number): void {
    const { bias } = dense;
    for (let row = 0; row < roundedUp(count, 2); row += 1) y.set(bias, row * bias.length);
    this.#addProduct(x, dense, y, count);
  }

  /** `y += x · kernel + bias` */
  #addDense(x: Numbers, dense: Dense, y: Numbers, count: number): void {
    const { bias } = dense;
    for (let place = 0; place < count * bias.length; place += 1) y[place] = at(y, place) + at(bias, place % bias.length);
    this.#addProduct(x, dense, y, count);
  }

  #addProduct(x: Numbers, { kernel, bias }: Dense, y: Numbers, count: number): void {
    const outgoing = bias.length;
    const incoming = kernel.length / outgoing;
    const rows = roundedUp(count, 2);
    this.#multiply(x.byteOffset, incoming * 4, kernel.byteOffset, y.byteOffset, outgoing * 4, rows, incoming, outgoing);
  }
}

/** How weights get into the memory, by name: as they are, or in panels. */
interface Loading {
  weight(name: string): Numbers;
  kernel(name: string, rows: number): Numbers;
}

function layerOf(number: number, incoming: number, { weight, kernel }: Loading): Layer {
  const part = `${encode}/Layer_${number}/TransformerLayer`;
  const attention = `Layer_${number}/TransformerLayer/MultiheadAttention`;
  const stack = `${encode}/TransformerStack/Layer_${number}/TransformerLayer/FFN`;
  const parameter = (name: string) => weight(`${part}/${name}/ConcatPartitions/concat`);
  const norm = (name: string): Norm => ({
    scale: parameter(`${name}/layer_norm/layer_norm_scale`),
    bias: parameter(`${name}/layer_norm/layer_norm_bias`),
  });
  const attending = (name: string): Dense => ({
    kernel: kernel(`module/Encoder_en/KonaTransformer/Encode/${attention}/${name}/kernel/part_0`, incoming),
    bias: parameter(`MultiheadAttention/${name}/bias`),
  });
  const forward = (name: string, rows: number): Dense => ({
    kernel: kernel(`${stack}/${name}/Tensordot/Reshape_1`, rows),
    bias: parameter(`FFN/${name}/bias`),
  });
  return {
    width: incoming,
    attentionNorm: norm('layer_prepostprocess'),
    queriesKeysValues: attending('qkv_transform_single'),
    attended: attending('output_transform_single'),
    widened:
      incoming === width
        ? undefined
        : { kernel: kernel(`${part}/dense/kernel/ConcatPartitions/concat`, incoming), bias: parameter('dense/bias') },
    norm: norm('FFN/layer_prepostprocess'),
    inner: forward('conv1', width),
    outer: forward('conv2', widest),
  };
}

/** Each row of `from` at mean 0 and spread 1, then scaled and shifted, into `to`. */
function normalise(from: Numbers, to: Numbers, { scale, bias }: Norm, count: number): void {
  const size = scale.length;
  for (let start = 0; start < count * size; start += size) {
    let sum = 0;
    for (let index = 0; index < size; index += 1) sum += at(from, start + index);
    const mean = sum / size;
    let squares = 0;
    for (let index = 0; index < size; index += 1) squares += (at(from, start + index) - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / size + 1e-6);
    for (let index = 0; index < size; index += 1) {
      to[start + index] = (at(from, start + index) - mean) * factor * at(scale, index) + at(bias, index);
    }
  }
}

/** Numbers above 0 that add up to 1, in place. */
function softmax(values: Numbers, factor: number): void {
  let greatest = -Infinity;
  for (const value of values) greatest = Math.max(greatest, value);
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index] = Math.exp((at(values, index) - greatest) * factor);
  for (let index = 0; index < values.length; index += 1) values[index] = at(values, index) / sum;
}

/** Where a number stands in a matrix that the kernel multiplies with. */
function inPanels(row: number, column: number, rows: number): number {
  return (Math.floor(column / panel) * rows + row) * panel + (column % panel);
}

function bytesOf(numbers: Numbers): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function at(numbers: Float32Array, index: number): number {
  return numbers[index] ?? 0;
}

function roundedUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
