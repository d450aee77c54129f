import { basename } from 'node:path';
import type { CompressionScheduleOptions } from '../../data/options.js';
import type { BpbResults } from '../../evaluation/index.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { WEIGHT_TYPES, type WeightType } from '../float-elements.js';
import type { TrainedRun } from '../trained-run.js';

/** What a model card tells. */
export interface ModelCard {
  name: string;
  run: TrainedRun;
  /** Optimizer steps of its training. */
  step: number;
  parameters: number;
  vocabulary: VocabularyLayout;
  /** Fingerprint of the compressor. */
  compressor: string;
  dtype: WeightType;
  leftOut: readonly string[];
  scores: readonly BpbResults[];
}

/** `README.md` of an exported model. Of paths only the last part is told: they are those of the machine it was trained on. */
export function modelCard(card: ModelCard): string {
  const { name, run, step, parameters, vocabulary, leftOut } = card;
  return `---
library_name: transformers
pipeline_tag: text-generation
tags:
- byte-level
- proxy-compression
---

# ${name}

A language model of ${count(parameters)} parameters, trained with proxy-compression. It reads and writes ${vocabulary.rawIncluded ? 'bytes' : `the codes of ${run.data.compressor}`}. ${CODE[run.model.architecture]}

| | |
|---|---|
| architecture | ${run.model.architecture} |
| weights | ${WEIGHT_TYPES[card.dtype].torch} |
| vocabulary | ${idsOf(vocabulary)} |
| training | ${count(step)} steps of ${count(run.batch.size)} × ${count(run.batch.sequenceLength)} symbols, seed ${run.seed} |
| learning rate | ${run.optim.learningRate}, schedule ${run.optim.schedule} |
| data | ${dataOf(run)} |
| compressor | ${run.data.compressor} (\`${card.compressor}\`) |
| mix | ${mixOf(run)} |
${leftOut.length > 0 ? `\nLeft out, because the published model has no place for them: ${leftOut.join('; ')}.\n` : ''}
## Text as the model saw it

${promptOf(run, vocabulary.rawIncluded)}

## Scores

${scoreTable(card.scores)}${card.scores.length > 0 && leftOut.length > 0 ? '\n\nMeasured before anything was left out.' : ''}
`;
}

/** What runs the model. */
const CODE: Readonly<Record<TrainedRun['model']['architecture'], string>> = {
  evabyte: 'Its modelling code is the published one of EvaByte, which `trust_remote_code=True` allows to be run.',
  opencoder: '`transformers` runs it as `LlamaForCausalLM`.',
};

function idsOf({ size, rawIncluded, compressedOffset, alphabetSize }: VocabularyLayout): string {
  const codes = `${compressedOffset}–${compressedOffset + alphabetSize - 1} codes of the compressor`;
  return [
    `${count(size)} ids: 0–63 specials (1 begins a document, 2 ends it)`,
    ...(rawIncluded ? ['64–319 bytes'] : []),
    ...(alphabetSize > 0 ? [codes] : []),
  ].join(', ');
}

const count = (value: number): string => value.toLocaleString('en-US');

function dataOf({ data }: TrainedRun): string {
  return Object.entries(data.sources)
    .map(([source, weight]) => `${basename(data.root)}/${source} (weight ${weight})`)
    .join(', ');
}

function mixOf({ data: { mix, rate, schedule } }: TrainedRun): string {
  return schedule === null ? `${mix}, ${percent(rate)} compressed` : describeSchedule(schedule);
}

function describeSchedule(schedule: CompressionScheduleOptions): string {
  const { warmup, steady, decay, initialRate, peakRate, finalRate, initialMode, steadyMode, finalMode } = schedule;
  return [
    `${initialMode}, ${percent(initialRate)} to ${percent(peakRate)} compressed in ${count(warmup)} steps`,
    `${steadyMode} at ${percent(peakRate)} for ${count(steady)}`,
    `${finalMode} to ${percent(finalRate)} in ${count(decay)}`,
  ].join('; ');
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Raw text stands between sentinels in every mode but `vanilla` (behaviour §1.4). */
function promptOf({ data: { mix, schedule, addBos, addEos } }: TrainedRun, rawIncluded: boolean): string {
  if (!rawIncluded) return 'Codes alone were trained on: encode text with the compressor first.';
  const sentinels = (schedule?.finalMode ?? mix) !== 'vanilla';
  const parts = [
    ...(addBos ? ['1 (`<bos>`)'] : []),
    ...(sentinels ? ['12 (raw text begins)'] : []),
    'bytes as 64 + byte',
    ...(sentinels ? ['13 (raw text ends)'] : []),
    ...(addEos ? ['2 (`<eos>`)'] : []),
  ];
  return `Raw text is ${parts.join(', ')}.`;
}

function scoreTable(scores: readonly BpbResults[]): string {
  if (scores.length === 0) return 'None were measured.';
  const rows = scores.map(({ bits_per_byte, interval, conditions, num_bytes }) => {
    const range = interval === null ? '' : ` (95 %: ${interval.low.toFixed(4)}–${interval.high.toFixed(4)})`;
    const shown = conditions.representation.raw_only ? 'raw bytes' : conditions.representation.mode;
    return `| ${shown} | ${basename(conditions.data)}, ${count(num_bytes)} bytes | ${conditions.context} | ${bits_per_byte.toFixed(4)}${range} |`;
  });
  return ['| text | data | context | bits per byte |', '|---|---|---|---|', ...rows].join('\n');
}
