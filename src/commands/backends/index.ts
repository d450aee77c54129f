import { BaseCommand } from '../base.js';
import { alignColumns } from '../shell/table.js';

export default class Backends extends BaseCommand {
  static override summary =
    'List the backends that run models, with their devices or the reason why they do not work here.';
  static override examples = ['<%= config.bin %> backends', '<%= config.bin %> backends --json'];

  async run(): Promise<object> {
    await this.parse(Backends);
    const { backendStatuses } = await import('../../plugins/availability.js');
    const registry = await this.loadPlugins();
    const backends = await backendStatuses(registry);
    const rows = backends.map(({ name, origin, availability, devices, summary }) => [
      name,
      origin,
      availability.works
        ? devices.map(({ id, description }) => `${id} (${description})`).join(', ')
        : `does not work here: ${availability.reason}`,
      summary,
    ]);
    for (const line of alignColumns([['NAME', 'FROM', 'DEVICES', 'SUMMARY'], ...rows])) this.log(line);
    return { backends, problems: registry.describeProblems() };
  }
}
