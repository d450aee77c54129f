import { BaseCommand } from '../base.js';
import { alignColumns } from '../shell/table.js';

export default class Compressors extends BaseCommand {
  static override summary = 'List the compressors: where each came from and whether it works here.';
  static override description =
    'A compressor turns text into a shorter sequence of symbols. Third parties ship their own as plugins.';
  static override examples = ['<%= config.bin %> compressors', '<%= config.bin %> compressors show gzip'];

  async run(): Promise<object> {
    await this.parse(Compressors);
    const { compressorStatuses } = await import('../../plugins/availability.js');
    const registry = await this.loadPlugins();
    const compressors = await compressorStatuses(registry);
    const rows = compressors.map(({ name, origin, availability, summary }) => [
      name,
      origin,
      availability.works ? 'works' : `does not work here: ${availability.reason}`,
      summary,
    ]);
    for (const line of alignColumns([['NAME', 'FROM', 'HERE', 'SUMMARY'], ...rows])) this.log(line);
    return { compressors, problems: registry.describeProblems() };
  }
}
