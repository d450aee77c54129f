import { DownloadError, UsageError } from '../../support/errors.js';
import { nearestName } from '../../support/nearest-name.js';
import { type DataFormat, dataFormat } from '../data-files.js';
import { pathPattern } from './file-patterns.js';
import type { CardConfig, HubDataset, HubFile } from './hub.js';

/** A data file of a dataset, in a format that can be read. */
export interface HubDataFile extends HubFile {
  format: DataFormat;
}

export interface DataFilesChoice {
  /** Name of the configuration; null: the only one, or the default one. */
  config: string | null;
  split: string;
}

/** The branch where the hub keeps its own conversion of datasets to Parquet, as `<config>/<split>/<i>.parquet`. */
export const CONVERTED = 'refs/convert/parquet';

/**
 * The files of one split of one configuration, in the order of their paths: by the card where it says, otherwise by
 * the words for splits in their paths.
 *
 * @returns none if the split's files are of formats that are not read
 * @throws UsageError for a configuration or split that does not exist, or if one of several must be chosen
 */
export function chooseDataFiles(
  dataset: HubDataset,
  files: readonly HubFile[],
  choice: DataFilesChoice,
): HubDataFile[] {
  const config = chooseConfig(dataset, choice.config);
  const visible = files.filter(({ path }) => !path.split('/').some((part) => /^[._]/.test(part)));
  const splits = config?.data_files === undefined ? splitsByName(visible) : splitsOfCard(config.data_files, visible);
  const chosen = splits.get(choice.split);
  if (chosen === undefined || chosen.length === 0) {
    const present = [...splits].filter(([, { length }]) => length > 0).map(([name]) => name);
    if (present.length === 0) return [];
    throw noSuch('split', choice.split, present, dataset.name);
  }
  const readable = chosen.map((file) => ({ ...file, format: dataFormat(file.path) }));
  return readable.every((file): file is HubDataFile => file.format !== null) ? readable : [];
}

/**
 * The same of the hub's own conversion.
 *
 * @throws UsageError as above; DownloadError if only a part of the split was converted
 */
export function chooseConvertedFiles(dataset: HubDataset, files: readonly HubFile[], choice: DataFilesChoice) {
  const paths = files.map((file) => ({ file, parts: file.path.split('/') }));
  const parquet = paths.filter(({ file, parts }) => parts.length === 3 && file.path.endsWith('.parquet'));
  const configs = [...new Set(parquet.map(({ parts }) => parts[0]!))];
  const config = chooseName(configs, choice.config, dataset.name);
  const ofConfig = parquet.filter(({ parts }) => parts[0] === config);
  const split = ofConfig.filter(({ parts }) => parts[1] === choice.split);
  if (split.length > 0) return split.map(({ file }): HubDataFile => ({ ...file, format: 'parquet' }));
  if (ofConfig.some(({ parts }) => parts[1] === `partial-${choice.split}`)) {
    throw new DownloadError(`the hub has converted only a part of ${dataset.name} to Parquet`, {
      hint: `The dataset is larger than what the hub converts, and its own files are in no format that is read: ${READ}.`,
    });
  }
  throw noSuch('split', choice.split, [...new Set(ofConfig.map(({ parts }) => parts[1]!))], dataset.name);
}

/** Formats that are read, for messages. */
export const READ = '.parquet, .jsonl, .jsonl.gz, .jsonl.zst';

function chooseConfig({ configs, name }: HubDataset, wanted: string | null): CardConfig | null {
  if (configs.length === 0) {
    if (wanted === null || wanted === 'default') return null;
    throw noSuch('configuration', wanted, ['default'], name);
  }
  const marked = configs.find((config) => config.default === true)?.config_name;
  const chosen = chooseName(
    configs.map(({ config_name }) => config_name),
    wanted ?? marked ?? null,
    name,
  );
  return configs.find(({ config_name }) => config_name === chosen)!;
}

function chooseName(names: readonly string[], wanted: string | null, dataset: string): string {
  if (wanted !== null) {
    if (names.includes(wanted)) return wanted;
    throw noSuch('configuration', wanted, names, dataset);
  }
  if (names.length === 1) return names[0]!;
  if (names.includes('default')) return 'default';
  throw new UsageError(`${dataset} has several configurations: ${listed(names)}`, {
    hint: 'Choose one with --config-name.',
  });
}

function splitsOfCard(dataFiles: NonNullable<CardConfig['data_files']>, files: readonly HubFile[]) {
  const list = typeof dataFiles === 'string' ? [dataFiles] : dataFiles;
  const splits = new Map<string, HubFile[]>();
  for (const entry of list) {
    // Files that the card gives no split are for training.
    const { split, path } = typeof entry === 'string' ? { split: 'train', path: entry } : entry;
    const patterns = [path].flat().map((pattern) => pathPattern(pattern.replace(/^\.\//, '')));
    const matched = files.filter((file) => patterns.some((pattern) => pattern.test(file.path)));
    splits.set(split, [...(splits.get(split) ?? []), ...matched]);
  }
  return splits;
}

/** Words in paths that tell the split, as the hub's own library reads them. */
const SPLIT_WORDS: readonly (readonly [split: string, words: string])[] = [
  ['train', 'train|training'],
  ['validation', 'validation|valid|dev|val'],
  ['test', 'test|testing|eval|evaluation'],
];

function splitsByName(files: readonly HubFile[]): Map<string, HubFile[]> {
  const data = files.filter(({ path }) => isData(path));
  const splits = new Map<string, HubFile[]>();
  for (const [split, words] of SPLIT_WORDS) {
    const word = new RegExp(`(?:^|[/._ \\-0-9])(?:${words})(?:[/._ \\-0-9]|$)`, 'i');
    splits.set(
      split,
      data.filter(({ path }) => word.test(path)),
    );
  }
  const anyNamed = [...splits.values()].some(({ length }) => length > 0);
  return anyNamed ? splits : new Map([['train', data]]);
}

/** Whether a file may hold records, in a format that is read or not. */
function isData(path: string): boolean {
  if (/^dataset_infos?\.json$/.test(path)) return false;
  return dataFormat(path) !== null || /\.(?:json|csv|tsv|txt|arrow|xml|zip|tar|gz|zst|bz2|xz|webdataset)$/i.test(path);
}

function noSuch(kind: 'configuration' | 'split', wanted: string, names: readonly string[], dataset: string) {
  const near = nearestName(wanted, names);
  const flag = kind === 'split' ? '--split' : '--config-name';
  return new UsageError(`${dataset} has no ${kind} ${wanted}, but ${listed(names)}`, {
    hint: near === undefined ? `Choose one with ${flag}.` : `Did you mean ${flag} ${near}?`,
  });
}

const MOST_LISTED = 20;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
