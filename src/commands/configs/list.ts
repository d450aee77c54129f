import { BaseCommand } from '../base.js';
import { alignColumns } from '../shell/table.js';

const TITLES = {
  models: 'Models: an architecture with the optimizer and batch that suit its size',
  proxies: 'Proxies: what a model of any size is fed',
  recipes: 'Recipes: whole runs',
} as const;

export default class ConfigsList extends BaseCommand {
  static override summary = 'List the presets that --preset and extends take.';
  static override examples = ['<%= config.bin %> configs list', '<%= config.bin %> configs show gzip-proxy-1b5'];

  async run(): Promise<object> {
    await this.parse(ConfigsList);
    const { listPresets, RECIPE_VARIANTS } = await import('../../config/index.js');
    const presets = listPresets();
    for (const [folder, title] of Object.entries(TITLES)) {
      const written = presets.filter((preset) => preset.folder === folder && preset.variantOf === undefined);
      this.log(`${title}\n`);
      for (const line of alignColumns(written.map(({ name, summary }) => [`  ${name}`, summary]))) this.log(line);
      this.log('');
    }
    this.log('Variants, for any recipe or proxy they apply to: NAME followed by\n');
    for (const line of alignColumns(RECIPE_VARIANTS.map(({ suffix, summary }) => [`  ${suffix}`, summary])))
      this.log(line);
    return { presets };
  }
}
