import { abbreviates } from '../support/abbreviation.js';
import { nearestName } from '../support/nearest-name.js';
import { fieldsOfArchitecture } from './fields.js';
import { dotted, type SettingPath, startsWith } from './setting.js';

/** What other programs of the field call settings, where it is not short for our name. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  hiddenSize: ['dim', 'd_model', 'n_embd', 'width'],
  intermediateSize: ['ffn_dim', 'ffn_hidden_size', 'd_ff'],
  layers: ['n_layers', 'num_hidden_layers', 'depth'],
  sequenceLength: ['seq_len', 'block_size', 'context'],
  accumulation: ['grad_acc_steps', 'gradient_accumulation_steps'],
  clip: ['grad_clip', 'max_grad_norm'],
  rematerialise: ['recompute_ac', 'gradient_checkpointing'],
  steps: ['iterations', 'max_iters'],
};

/** More candidates than this are no help. */
const MOST = 3;

/**
 * The dotted names that were most likely meant by an unknown one, none if nothing is like it. Names in the same mapping
 * come before names anywhere (`windowSize` → `model.windowSize`); misspelt names before short ones (`lr` → `learningRate`)
 * and those of other programs.
 *
 * @param architecture of the model, whose settings alone are looked at; undefined: those of all
 */
export function similarSettings(path: SettingPath, architecture?: string): string[] {
  const typed = path.at(-1)!;
  const siblings = settingsIn(path.slice(0, -1), architecture);
  const anywhere = fieldsOfArchitecture(architecture).map((field) => field.path);
  for (const candidates of [siblings, anywhere]) {
    const misspelt = nearestName(typed, candidates.map(lastPart));
    const found = candidates.filter((candidate) =>
      misspelt === undefined ? meansTheSame(typed, lastPart(candidate)) : lastPart(candidate) === misspelt,
    );
    const names = [...new Set(found.map(dotted))];
    if (names.length > 0 && names.length <= MOST) return names;
  }
  return [];
}

/** The settings and mappings directly within a mapping. */
export function settingsIn(mapping: SettingPath, architecture?: string): SettingPath[] {
  const below = fieldsOfArchitecture(architecture).filter(
    ({ path }) => path.length > mapping.length && startsWith(path, mapping),
  );
  const names = new Set(below.map(({ path }) => path[mapping.length]!));
  return [...names].map((name) => [...mapping, name]);
}

function meansTheSame(typed: string, name: string): boolean {
  const elsewhere = OTHER_NAMES[name] ?? [];
  return abbreviates(typed, name) || abbreviates(name, typed) || nearestName(typed, elsewhere) !== undefined;
}

function lastPart(path: SettingPath): string {
  return path.at(-1)!;
}
