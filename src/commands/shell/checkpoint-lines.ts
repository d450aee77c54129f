import type {
  CheckpointDifference,
  CheckpointFacts,
  Consolidation,
  Examination,
  TensorDifference,
} from '../../checkpoints/index.js';
import { alignColumns } from './table.js';

const count = (value: number): string => value.toLocaleString('en-US');
const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`;
const size = (bytes: number): string =>
  bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);
const shapeOf = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** What `pc consolidate` prints. */
export function describeConsolidation({ path, step, isOld, parameters, bytes, files }: Consolidation): string[] {
  const made = isOld ? `${path} is consolidated already` : `Consolidated step ${step} as ${path}`;
  return [
    `${made}: ${count(parameters)} parameters, ${size(bytes)}`,
    ...indented(alignColumns(Object.entries(files).map(([name, length]) => [name, size(length)]))),
  ];
}

/** What `pc checkpoint info` prints. */
export function describeCheckpoint(facts: CheckpointFacts, withTensors: boolean): string[] {
  const { model, provenance } = facts;
  const rows = [
    ['step', count(facts.step)],
    ['parameters', count(facts.parameters)],
    ...(model === null ? [['model', `not known: ${facts.problem}`]] : describeModel(model)),
    ...facts.stored.map(({ group, dtype, tensors, bytes }) => [
      `${group} tensors`,
      `${counted(tensors, 'tensor')} of ${dtype}, ${size(bytes)}`,
    ]),
    ...(provenance === null
      ? []
      : [['made from', `${provenance.source.path}, step ${provenance.source.step}, by pc ${provenance.madeBy}`]]),
    ['files', `${count(facts.files.length)}, ${size(facts.bytes)}`],
  ];
  const files = facts.files.map(({ name, bytes, group, slices }) => [
    `  ${name}`,
    size(bytes),
    group === null ? '' : counted(slices, 'slice'),
  ]);
  const tensors = facts.tensors.map(({ name, dtype, shape, group }) => [name, group, dtype, shapeOf(shape)]);
  return [
    facts.path,
    ...indented(alignColumns(rows)),
    ...indented(alignColumns(files)),
    ...(withTensors ? ['tensors', ...indented(alignColumns(tensors))] : []),
  ];
}

function describeModel({ options, vocabulary, sequenceLength, mix, heads }: NonNullable<CheckpointFacts['model']>) {
  const { layout, compressor } = vocabulary;
  const { layers, hiddenSize, attentionHeads } = options;
  return [
    ['model', `${options.architecture}: ${layers} layers of ${hiddenSize}, ${attentionHeads} attention heads`],
    ['prediction heads', heads.raw > 0 ? `${heads.prediction}, and ${heads.raw} raw` : `${heads.prediction}`],
    ['trained on', `sequences of ${count(sequenceLength)} symbols, mix ${mix}`],
    [
      'vocabulary',
      `${count(layout.size)} ids: ${layout.rawIncluded ? 'raw bytes' : 'no raw bytes'}, ${counted(layout.alphabetSize, 'compressed symbol')}`,
    ],
    ['compressor', compressor],
  ];
}

/** What `pc checkpoint verify` prints. */
export function describeExamination({ path, step, files, tensors, bytes, damage }: Examination): string[] {
  if (damage.length === 0)
    return [`${path}: step ${step}, ${files} files, ${counted(tensors, 'tensor')}, ${size(bytes)}: all is as saved`];
  return [
    `${path} is damaged:`,
    ...indented(
      damage.map(({ file, tensor, what }) => `${file}${tensor === null ? '' : ` (tensor ${tensor})`}: ${what}`),
    ),
  ];
}

/** Which tensors `pc checkpoint diff` lists. */
export interface ListedTensors {
  /** Those that are the same, too. */
  all: boolean;
  /** Those of the optimizer one by one; otherwise it has a line. */
  optimizer: boolean;
}

/** What `pc checkpoint diff` prints. */
export function describeDifference(difference: CheckpointDifference, listed: ListedTensors): string[] {
  const { a, b, onlyA, onlyB, shapes, tensors } = difference;
  const isListed = ({ group }: Pick<TensorDifference, 'group'>) => listed.optimizer || group === 'model';
  const shown = tensors.filter((tensor) => isListed(tensor) && (listed.all || !tensor.identical));
  const same = tensors.filter(({ identical }) => identical).length;
  const header = ['tensor', 'shape', 'types', 'differing', 'largest', 'mean', 'relative'];
  return [
    ...enumerated(`only in ${a}:`, onlyA, isListed, ({ name }) => name),
    ...enumerated(`only in ${b}:`, onlyB, isListed, ({ name }) => name),
    ...enumerated('of other shapes:', shapes, isListed, ({ name, a, b }) => `${name}: ${shapeOf(a)}, ${shapeOf(b)}`),
    ...(shown.length > 0 ? alignColumns([header, ...shown.map(describeTensor)]) : []),
    ...(listed.optimizer ? [] : describeOptimizer(tensors.filter(({ group }) => group === 'optimizer'))),
    difference.identical
      ? `identical: ${counted(tensors.length, 'tensor')}, every bit`
      : `${counted(same, 'tensor')} of ${count(tensors.length)} identical to the bit`,
  ];
}

/** A line for each tensor that is listed, and one for the others. */
function enumerated<Tensor>(
  title: string,
  tensors: readonly Tensor[],
  isListed: (tensor: Tensor) => boolean,
  line: (tensor: Tensor) => string,
): string[] {
  if (tensors.length === 0) return [];
  const listed = tensors.filter(isListed);
  const rest = tensors.length - listed.length;
  return [
    title,
    ...indented([...listed.map(line), ...(rest > 0 ? [`${counted(rest, 'tensor')} of the optimizer`] : [])]),
  ];
}

/** All tensors of the optimizer in a line, if they are not the same. */
function describeOptimizer(tensors: readonly TensorDifference[]): string[] {
  const other = tensors.filter(({ identical }) => !identical);
  if (other.length === 0) return [];
  const farthest = other.reduce((most, tensor) => (tensor.relative > most.relative ? tensor : most));
  return [
    `optimizer: ${counted(other.length, 'tensor')} of ${count(tensors.length)} differ, most of all ${farthest.name}, relatively by ${farthest.relative.toExponential(2)} (--optimizer lists them)`,
  ];
}

function describeTensor({ name, shape, dtypes, ...figures }: TensorDifference): string[] {
  return [
    name,
    shapeOf(shape),
    dtypes.a === dtypes.b ? dtypes.a : `${dtypes.a}, ${dtypes.b}`,
    count(figures.differing),
    figures.max.toExponential(2),
    figures.mean.toExponential(2),
    figures.relative.toExponential(2),
  ];
}
