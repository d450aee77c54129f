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

/** What `pc checkpoint diff` prints. */
export function describeDifference(difference: CheckpointDifference, withSame: boolean): string[] {
  const { a, b, onlyA, onlyB, shapes, tensors } = difference;
  const shown = tensors.filter(({ identical }) => withSame || !identical);
  const same = tensors.filter(({ identical }) => identical).length;
  const header = ['tensor', 'shape', 'types', 'differing', 'largest', 'mean', 'relative'];
  return [
    ...(onlyA.length > 0 ? [`only in ${a}:`, ...indented(onlyA)] : []),
    ...(onlyB.length > 0 ? [`only in ${b}:`, ...indented(onlyB)] : []),
    ...(shapes.length > 0
      ? ['of other shapes:', ...indented(shapes.map((both) => `${both.name}: ${shapeOf(both.a)}, ${shapeOf(both.b)}`))]
      : []),
    ...(shown.length > 0 ? alignColumns([header, ...shown.map(describeTensor)]) : []),
    difference.identical
      ? `identical: ${counted(tensors.length, 'tensor')}, every bit`
      : `${counted(same, 'tensor')} of ${count(tensors.length)} identical to the bit`,
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
