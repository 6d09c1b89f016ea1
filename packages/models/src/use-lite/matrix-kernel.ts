// The one hot loop of the encoder, as WebAssembly with 128-bit vectors: JavaScript has none, and is eight times slower.
// The module is written here in its binary form, so that no compiler is needed to build it.

/** TypeScript knows WebAssembly only with the browser's types. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { readonly exports: { multiply: Multiply } };
  Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
};

/** Memory that both JavaScript and the kernel see; it does not grow. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/**
 * `y += x · w` for matrices of 32-bit floats in the memory, given by the byte address of their first number; the rows of x
 * and y are `stride` bytes apart. `rows` of x and y are even, `columns` of w and y a multiple of 16, and `inner` is the
 * columns of x and rows of w. w lies in panels of 16 columns one after the other, each row by row.
 */
export type Multiply = (
  ...parameters: [
    ...x: [address: number, stride: number],
    w: number,
    ...y: [address: number, stride: number],
    ...sizes: [rows: number, inner: number, columns: number],
  ]
) => void;

/** Makes a memory of at least so many bytes, and the kernel on it. */
export function openKernel(bytes: number): { memory: WasmMemory; multiply: Multiply } {
  const pages = Math.ceil(bytes / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(multiplyBody())), { k: { m: memory } });
  return { memory, multiply: instance.exports.multiply };
}

const i32 = 0x7f;
const v128 = 0x7b;

/** An unsigned number as WebAssembly writes it, in groups of seven bits. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A signed one. */
function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const number = (value: number) => [0x41, ...signed(value)];
const add = (local: number, amount: number[]) => [...get(local), ...amount, 0x6a, ...set(local)];
const simd = (operation: number) => [0xfd, ...leb(operation)];
const multiplied = simd(0xe6);
const added = simd(0xe4);
/** With an offset of 16-byte vectors from the address on the stack. */
const load = (vector: number) => [...simd(0x00), 2, ...leb(vector * 16)];
const store = (vector: number) => [...simd(0x0b), 2, ...leb(vector * 16)];
/** One float, four times. */
const splat = [...simd(0x09), 2, 0];
/** Repeats `body` until `local`, less `step` each time, is not above 0. */
const loop = (local: number, step: number, body: number[]) => [
  ...[0x03, 0x40, ...body, ...add(local, number(-step)), ...get(local)],
  ...[...number(0), 0x4a, 0x0d, 0, 0x0b],
];

/**
 * Two rows by 16 columns of y at a time: eight vectors of sums, which fit in registers, and one panel of w, which fits in
 * the nearest cache.
 */
function multiplyBody(): number[] {
  const [x, xStride, w, y, yStride, rows, inner, columns] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [xRow, yRow, xAt, wAt, rowsLeft, innerLeft] = [8, 9, 10, 11, 12, 13];
  const [first, second, vector] = [14, 15, 16];
  const sum = (row: number, part: number) => 17 + row * 4 + part;
  const parts = [0, 1, 2, 3];
  const below = (address: number, stride: number) => [...get(address), ...get(stride), 0x6a];
  const addressOf = (row: number) => (row === 0 ? get(yRow) : below(yRow, yStride));
  const eachSum = (make: (row: number, part: number) => number[]) =>
    [0, 1].flatMap((row) => parts.flatMap((part) => make(row, part)));

  const step = [
    ...[...get(xAt), ...splat, ...set(first), ...below(xAt, xStride), ...splat, ...set(second)],
    ...parts.flatMap((part) => [
      ...[...get(wAt), ...load(part), ...set(vector)],
      ...[...get(first), ...get(vector), ...multiplied, ...get(sum(0, part)), ...added, ...set(sum(0, part))],
      ...[...get(second), ...get(vector), ...multiplied, ...get(sum(1, part)), ...added, ...set(sum(1, part))],
    ]),
    ...[...add(xAt, number(4)), ...add(wAt, number(64))],
  ];
  const twoRows = [
    ...eachSum((row, part) => [...addressOf(row), ...load(part), ...set(sum(row, part))]),
    ...[...get(xRow), ...set(xAt), ...get(w), ...set(wAt), ...get(inner), ...set(innerLeft)],
    ...loop(innerLeft, 1, step),
    ...eachSum((row, part) => [...addressOf(row), ...get(sum(row, part)), ...store(part)]),
    ...[...add(xRow, [...get(xStride), ...number(1), 0x74]), ...add(yRow, [...get(yStride), ...number(1), 0x74])],
  ];
  const sixteenColumns = [
    ...[...get(x), ...set(xRow), ...get(y), ...set(yRow), ...get(rows), ...set(rowsLeft)],
    ...loop(rowsLeft, 2, twoRows),
    ...[...get(wAt), ...set(w), ...add(y, number(64))],
  ];
  // Six more integers, then three vectors and the eight sums.
  return [2, 6, i32, 11, v128, ...loop(columns, 16, sixteenColumns), 0x0b];
}

function moduleOf(body: number[]): Uint8Array<ArrayBuffer> {
  const text = (value: string) => [value.length, ...Buffer.from(value)];
  const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // One type: eight integers in, nothing out.
    ...section(1, [1, 0x60, 8, ...Array.from({ length: 8 }, () => i32), 0]),
    ...section(2, [1, ...text('k'), ...text('m'), 0x02, 0x00, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('multiply'), 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
