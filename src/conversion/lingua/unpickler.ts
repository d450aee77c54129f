/**
 * Reads the pickles that `torch.save` writes, and no others. A pickle is a program for a stack machine that may call
 * anything; this machine knows numbers, texts and containers, and of calls only those below, which it carries out
 * itself. Every other global is refused by its name, so nothing in a file is ever executed.
 *
 * The opcodes are those of Python's `pickletools`, protocols 2 to 4.
 */

/** What a pickle says, as plain values. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | PickledList
  | PickledDict
  | PickledStorage
  | PickledTensor
  | Global;

/** A list or a tuple. */
export class PickledList {
  constructor(readonly items: Pickled[]) {}
}

/** A dict or an OrderedDict; keys that are no texts or numbers have no place in a checkpoint. */
export class PickledDict {
  readonly entries = new Map<string | number, Pickled>();
}

/** Numbers in an entry of the archive. */
export class PickledStorage {
  constructor(
    /** Name of the class in torch: `FloatStorage`. */
    readonly type: string,
    readonly key: string,
    readonly elements: number,
  ) {}
}

/** A view into a storage; numbers count elements. */
export class PickledTensor {
  constructor(
    readonly storage: PickledStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {}
}

/** A class or function, which is only a name here. */
class Global {
  constructor(readonly name: string) {}
}

/** What is wrong with a pickle; whoever reads the file says which it is. */
export class PickleError extends Error {}

const ORDERED_DICT = 'collections.OrderedDict';
const TENSOR = 'torch._utils._rebuild_tensor_v2';
const PARAMETER = 'torch._utils._rebuild_parameter';
const STORAGE = /^torch\.([A-Z][A-Za-z0-9]*Storage)$/;

const isKnown = (name: string): boolean => [ORDERED_DICT, TENSOR, PARAMETER].includes(name) || STORAGE.test(name);

/** @throws PickleError if the pickle is damaged, or holds or calls anything else */
export function unpickle(bytes: Buffer): Pickled {
  return new Machine(bytes).run();
}

class Machine {
  private at = 0;
  private stack: Pickled[] = [];
  /** Stacks that wait for a mark to be taken off. */
  private readonly marked: Pickled[][] = [];
  private readonly memo = new Map<number, Pickled>();

  constructor(private readonly bytes: Buffer) {}

  run(): Pickled {
    for (;;) {
      const code = this.unsigned(1);
      if (code === STOP) return this.pop();
      const operation = OPERATIONS[code];
      if (operation === undefined) throw new PickleError(`opcode 0x${code.toString(16)} has no place in a checkpoint`);
      operation(this);
    }
  }

  push(value: Pickled): void {
    this.stack.push(value);
  }

  pop(): Pickled {
    const value = this.stack.pop();
    if (value === undefined) throw new PickleError('it takes more off the stack than there is');
    return value;
  }

  top(): Pickled {
    const value = this.stack.at(-1);
    if (value === undefined) throw new PickleError('it takes more off the stack than there is');
    return value;
  }

  mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** What was pushed since the last mark. */
  popMark(): Pickled[] {
    const items = this.stack;
    const before = this.marked.pop();
    if (before === undefined) throw new PickleError('there is no mark');
    this.stack = before;
    return items;
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new PickleError('it recalls what it did not remember');
    this.push(value);
  }

  take(count: number): Buffer {
    if (count > this.bytes.length - this.at) throw new PickleError('it is cut short');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  unsigned(count: 1 | 2 | 4): number {
    return this.take(count).readUIntLE(0, count);
  }

  length64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  text(count: number): void {
    this.push(this.take(count).toString('utf8'));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleError('it is cut short');
    return this.take(end + 1 - this.at)
      .toString('utf8')
      .trimEnd();
  }

  /** An integer of any length, two's complement. */
  long(count: number): void {
    let value = 0n;
    for (const [index, byte] of this.take(count).entries()) value += BigInt(byte) << BigInt(8 * index);
    if (count > 0 && this.bytes[this.at - 1]! >= 0x80) value -= 1n << BigInt(8 * count);
    // What is beyond the exact integers, such as a random state, is nothing that a model is made of.
    this.push(Number(value));
  }

  global(name: string): void {
    if (!isKnown(name)) throw new PickleError(`it asks for ${name}`);
    this.push(new Global(name));
  }

  call(): void {
    const values = this.list(this.pop());
    const callee = this.pop();
    const name = callee instanceof Global ? callee.name : 'what is no function';
    // One that is made of pairs, as no version of torch writes, could be made again and again of the same long list.
    if (name === ORDERED_DICT && values.length === 0) this.push(new PickledDict());
    else if (name === TENSOR) this.push(tensorOf(values));
    else if (name === PARAMETER && values[0] instanceof PickledTensor) this.push(values[0]);
    else throw new PickleError(`it calls ${name}`);
  }

  /** `('storage', class, key, device, elements)`. */
  persistent(): void {
    const [kind, type, key, , elements] = this.list(this.pop());
    const [, storage] = STORAGE.exec(type instanceof Global ? type.name : '') ?? [];
    if (kind !== 'storage' || storage === undefined || typeof key !== 'string' || !isCount(elements))
      throw new PickleError('it refers to what is no storage');
    this.push(new PickledStorage(storage, key, elements));
  }

  list(value: Pickled): Pickled[] {
    if (value instanceof PickledList) return value.items;
    throw new PickleError('a list or tuple is missing');
  }

  /** Puts pairs into the dict on top. */
  setItems(items: Pickled[]): void {
    put(this.top(), items);
  }

  appendItems(items: Pickled[]): void {
    const list = this.list(this.top());
    for (const item of items) list.push(item);
  }
}

function put(dict: Pickled, items: readonly Pickled[]): void {
  if (!(dict instanceof PickledDict) || items.length % 2 !== 0) throw new PickleError('there is no dict to fill');
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index]!;
    if (typeof key !== 'string' && typeof key !== 'number') throw new PickleError('a key is neither text nor number');
    dict.entries.set(key, items[index + 1]!);
  }
}

/** As `_rebuild_tensor_v2(storage, offset, shape, strides, …)`. */
function tensorOf([storage, offset, shape, strides]: Pickled[]): PickledTensor {
  const valid = storage instanceof PickledStorage && isCount(offset) && isCounts(shape) && isCounts(strides);
  if (!valid || shape.items.length !== strides.items.length) throw new PickleError('it makes a tensor of what is none');
  return new PickledTensor(storage, offset, shape.items, strides.items);
}

const isCount = (value: Pickled | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Most dimensions of a tensor in torch. A longer list could be given to any number of tensors, and be looked through for each. */
const MOST_DIMENSIONS = 64;

const isCounts = (value: Pickled | undefined): value is PickledList & { items: number[] } =>
  value instanceof PickledList && value.items.length <= MOST_DIMENSIONS && value.items.every(isCount);

const STOP = 0x2e;

type Operation = (machine: Machine) => void;

const tuple =
  (count: number): Operation =>
  (machine) => {
    const items = Array.from({ length: count }, () => machine.pop());
    machine.push(new PickledList(items.reverse()));
  };

const ignored =
  (bytes: number): Operation =>
  (machine) =>
    void machine.take(bytes);

const OPERATIONS: Readonly<Partial<Record<number, Operation>>> = {
  // Protocol and frame lengths.
  128: ignored(1),
  149: ignored(8),
  // None, False, True.
  78: (machine) => machine.push(null),
  137: (machine) => machine.push(false),
  136: (machine) => machine.push(true),
  // Integers of 4, 1 and 2 bytes and of any length; floats.
  74: (machine) => machine.push(machine.take(4).readInt32LE()),
  75: (machine) => machine.push(machine.unsigned(1)),
  77: (machine) => machine.push(machine.unsigned(2)),
  138: (machine) => machine.long(machine.unsigned(1)),
  71: (machine) => machine.push(machine.take(8).readDoubleBE()),
  // Texts, by the bytes of their length.
  140: (machine) => machine.text(machine.unsigned(1)),
  88: (machine) => machine.text(machine.unsigned(4)),
  141: (machine) => machine.text(machine.length64()),
  // Containers.
  40: (machine) => machine.mark(),
  125: (machine) => machine.push(new PickledDict()),
  93: (machine) => machine.push(new PickledList([])),
  41: (machine) => machine.push(new PickledList([])),
  116: (machine) => machine.push(new PickledList(machine.popMark())),
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  115: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    machine.setItems([key, value]);
  },
  117: (machine) => machine.setItems(machine.popMark()),
  97: (machine) => machine.appendItems([machine.pop()]),
  101: (machine) => machine.appendItems(machine.popMark()),
  // Memory.
  113: (machine) => machine.remember(machine.unsigned(1)),
  114: (machine) => machine.remember(machine.unsigned(4)),
  148: (machine) => machine.rememberNext(),
  104: (machine) => machine.recall(machine.unsigned(1)),
  106: (machine) => machine.recall(machine.unsigned(4)),
  // Globals, by two lines or two texts; calls; storages.
  99: (machine) => {
    const module = machine.line();
    machine.global(`${module}.${machine.line()}`);
  },
  147: (machine) => {
    const name = machine.pop();
    const module = machine.pop();
    machine.global(`${String(module)}.${String(name)}`);
  },
  82: (machine) => machine.call(),
  81: (machine) => machine.persistent(),
  // Attributes of a container, such as the versions of a module's parts: nothing that its content depends on.
  98: (machine) => {
    machine.pop();
    if (!(machine.top() instanceof PickledDict)) throw new PickleError('it sets attributes of what is no dict');
  },
};
