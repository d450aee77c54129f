import type { ZodType } from 'zod';
import type { Program } from '../graph/program.js';
import type { DType, HostTensor } from '../graph/tensor.js';
import type { ByteModel } from '../neural-coding/byte-model.js';

/**
 * What a plugin provides. A *compressor* turns bytes into a shorter sequence of symbols and back; a *backend* runs
 * tensor programs on some device. Definitions describe a plugin and make instances; they are never sent to worker
 * threads: a worker imports the plugin's entry and makes its own.
 */
export const PLUGIN_API_VERSION = 1;

export interface PluginManifest {
  apiVersion: number;
  name: string;
  compressors?: CompressorDefinition[];
  backends?: BackendDefinition[];
}

/** What the host gives to an instance. */
export interface PluginContext {
  /** Folder for files the plugin needs at run time: codebooks, vocabularies, caches. */
  artifactsDirectory: string;
  log(message: string): void;
  /**
   * Opens a trained model of bytes for coding with it, on the default backend. Whoever asks disposes of it.
   *
   * @param path directory of a checkpoint, of a run (its newest), or of weights alone; relative to `artifactsDirectory`
   * @param options.threads threads that compute; one a core by default
   * @throws CheckpointError if there is none, it is damaged or not a model of bytes; BackendError
   */
  byteModel(path: string, options?: { threads?: number }): Promise<ByteModel>;
}

// ---------------------------------------------------------------------------------------------- compressors

export interface CompressorDefinition<Options = unknown> {
  name: string;
  /** One line, shown by `pc compressors`. */
  summary: string;
  /** Accepts the empty object: every option has a default. */
  options: ZodType<Options>;
  create(options: Options, context: PluginContext): Promise<Compressor>;
}

/** The codes of one document. */
export interface Encoded {
  /** Each in 0 … alphabetSize − 1. */
  symbols: Uint32Array;
  /** What decoding needs and no model sees, such as the odd tail byte of `doublebyte`. */
  side?: Uint8Array;
}

/**
 * Which bytes of a document one symbol covers, for inspection: those that are known once the symbols up to this one are,
 * and were not before. A symbol that completes none has `byteStart = byteEnd`; symbols that only together stand for some
 * bytes, such as the eight of `bit` for one byte, all have the range of those.
 */
export interface Segment {
  symbol: number;
  byteStart: number;
  byteEnd: number;
  /** The compressor cut the document before these bytes: no symbol covers bytes on both sides. */
  afterCut?: boolean;
}

/** How codes are stored in a field of a JSONL record, and read back. */
export interface RecordField {
  name: string;
  /**
   * Where `write` leaves out the side data, as in a field whose format another system reads: the field that holds it, as
   * base64, beside this one. Whoever calls `read` puts it back.
   */
  sideName?: `pc_${string}`;
  write(encoded: Encoded): string;
  /**
   * @param storedIn the field that the text was found in, where it may be another one: users can name any
   * @throws CompressorError if the text was not written by `write`.
   */
  read(text: string, storedIn?: string): Encoded;
}

export interface Compressor {
  /** Symbols are 0 … alphabetSize − 1. */
  readonly alphabetSize: number;
  /** All that determines the codes: algorithm, options, checksums of artifacts, engine version where it matters. */
  readonly fingerprint: string;
  /** @throws CompressorError for an input that it cannot represent. */
  encode(bytes: Uint8Array): Encoded | Promise<Encoded>;
  encodeBatch?(batch: Uint8Array[]): Promise<Encoded[]>;
  /** Exact for every input that `encode` accepted. @throws CompressorError for symbols that `encode` never writes. */
  decode(encoded: Encoded): Uint8Array | Promise<Uint8Array>;
  /**
   * One segment for each symbol that `encode` gives, in order. Each has the range of the one before or begins where that
   * ends, and together they cover all bytes. Made one after the other, so that a reader may stop early.
   */
  segments?(bytes: Uint8Array): Iterable<Segment> | Promise<Iterable<Segment>>;
  readonly field: RecordField;
  dispose?(): Promise<void>;
}

// ------------------------------------------------------------------------------------------------- backends

export interface BackendDefinition<Options = unknown> {
  name: string;
  /** One line, shown by `pc backends`. */
  summary: string;
  options: ZodType<Options>;
  /** The devices of this kind that work here; throws BackendError('unavailable') saying why there are none. */
  devices(): Promise<DeviceInfo[]>;
  /** What it could compute on, but cannot here; shown by `pc doctor`. Absent where there is nothing to say. */
  missingDevices?(): Promise<MissingDevice[]>;
  /** @param log told of choices that were made for the user */
  create(options: Options, log?: (message: string) => void): Promise<Backend>;
  /** Writes programs as files that run without us, by the name of their format; absent where there is no such format. */
  readonly exporters?: Readonly<Record<string, ProgramExporter>>;
  /** What `pc backends install NAME` fetches for it, by that name; absent where everything comes with the package. */
  readonly installers?: Readonly<Record<string, EngineInstaller>>;
}

/** Fetches an engine that the package does not carry, or a part of one. */
export interface EngineInstaller {
  /** One line, shown where names are listed. */
  summary: string;
  /**
   * Replaces what an earlier installation left, when all is there. Returns a line that says what was installed, and where.
   *
   * @throws BackendError saying what is missing, and how to get it; InterruptedError; OutputError
   */
  install(context: InstallContext): Promise<string>;
}

export interface InstallContext {
  /** Told of progress, a line at a time. */
  log(message: string): void;
  signal?: AbortSignal | undefined;
}

/**
 * A program that changes no state, as the content of a file. Its inputs and results have the program's names; values of
 * its state stay in the files where they are.
 *
 * @param state where each entry lies, relative to the folder of the program's file
 * @throws ProgramError if the program is inconsistent, changes state, or reads an entry that lies nowhere
 */
export type ProgramExporter = (program: Program, state: readonly StoredState[]) => Promise<Uint8Array>;

/** A state entry in a file: row-major and little-endian, without gaps. */
export interface StoredState {
  name: string;
  /** Of the file, beside the program's. */
  file: string;
  /** In bytes. */
  offset: number;
  byteLength: number;
}

export interface DeviceInfo {
  /** As written in `--device`: `cpu`, `webgpu:1`. */
  id: string;
  kind: 'cpu' | 'gpu' | 'tpu';
  description: string;
}

export interface MissingDevice {
  /** As written in `--device`. */
  device: string;
  reason: string;
  /** How to get it. */
  hint: string;
}

/** Where this process stands among those that train together. */
export interface Topology {
  rank: number;
  world: number;
  devices: DeviceInfo[];
}

export interface Backend {
  /** Known before data opens. */
  readonly topology: Topology;
  /** Of results that depend on how they were computed: the engine with its version, and the kind of processor. */
  readonly engine?: string;
  open(state: StateSpec[], options?: SessionOptions): Promise<Session>;
  /**
   * Most memory that sessions would take on their device, in bytes: state, programs and what running them needs. Absent
   * where it is not known.
   */
  estimateMemory?(sessions: readonly SessionWork[]): number;
  /** Data parallelism within the process; absent where an engine divides its work by itself, or does not. */
  readonly replication?: Replication;
  /**
   * Whose programs those of its sessions are, where there are several processes. `together`: of all processes, which load
   * and run the same ones in the same order. Each gives an input of several axes whole, or its share of the rows, [rows / world, …],
   * and all get the same outputs. Otherwise each process computes by itself.
   */
  readonly programs?: 'together';
  /** Every process's bytes, in order of rank; the identity on one process. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>;
  dispose(): Promise<void>;
}

/** What a session is to hold and to run. */
export interface SessionWork {
  state: readonly StateSpec[];
  programs: readonly Program[];
}

/** One named tensor that lives in a session: a parameter, a moment of the optimizer, a cache. Zero until written. */
export interface StateSpec {
  name: string;
  dtype: DType;
  shape: number[];
}

export interface SessionOptions {
  /** Threads that compute; all cores by default. */
  threads?: number;
}

/** Several sessions of one process that train the same parameters, each on its share of every micro-batch. */
export interface Replication {
  /** Replicas that the backend's options ask for; `auto`: as many as `suggest` says. */
  readonly count: number | 'auto';
  /** The number that trains fastest here; divides the rows of a micro-batch. */
  suggest(work: { rows: number; parameterBytes: number }): number;
  /** One replica for each list of state. */
  open(states: readonly StateSpec[][]): Promise<ReplicaGroup>;
}

/** By name of a state entry: the replica, counted from 0, whose value counts. */
export type Owners = ReadonlyMap<string, number>;

/** Sessions that compute side by side. Calls of a session and of the group are carried out in the order they are made in. */
export interface ReplicaGroup {
  readonly sessions: readonly Session[];
  /** Threads for a program that runs in all of them at once; one that runs in a single session may have them all. */
  readonly threads: number;
  /**
   * Gives the owner of each entry the sum of it over all replicas, added in their order (a reduce-scatter). The entries
   * of the others are as they were.
   */
  sumAtOwners(owners: Owners): Promise<void>;
  /** Gives all replicas the owner's value of each entry (an all-gather). */
  copyFromOwners(owners: Owners): Promise<void>;
  dispose(): Promise<void>;
}

/** A whole tensor of the state, or a shard of one. */
export interface StateSlice {
  name: string;
  dtype: DType;
  globalShape: number[];
  /** Where `tensor` begins within the global shape, one number a dimension. */
  offset: number[];
  tensor: HostTensor;
}

/** Owns state; every program of a session shares it by name, so that nothing is copied through the host. */
export interface Session {
  /** @throws BackendError if the program is corrupt, needs an operation the backend lacks, or does not fit in memory. */
  load(program: Program, options?: LoadOptions): Promise<Executable>;
  /** The state as of the call, while runs may go on; all of it, or the given names. */
  snapshot(names?: string[]): AsyncIterable<StateSlice>;
  writeState(slices: AsyncIterable<StateSlice> | Iterable<StateSlice>): Promise<void>;
  dispose(): Promise<void>;
}

export interface LoadOptions {
  /** Write a profile of the run, operation by operation, with this path as its prefix. */
  profile?: string;
  /** Threads that compute this program; those of the session by default. */
  threads?: number;
}

export type Inputs = Readonly<Record<string, HostTensor>>;
export type Outputs = Record<string, HostTensor>;

export interface Executable {
  /** One or more steps in one call; takes ownership of the inputs, whose buffers may be detached afterwards. */
  run(steps: readonly Inputs[]): Promise<Outputs[]>;
  dispose(): Promise<void>;
}
