/**
 * Writes the table of all settings into `docs/configuration.md`, from the schemas. A test fails while it is out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { settingsTable } from './settings-table.js';

const FILE = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const [BEGIN, END] = ['<!-- settings: begin -->\n\n', '\n\n<!-- settings: end -->'];

const text = await readFile(FILE, 'utf8');
const [from, to] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
await writeFile(FILE, `${text.slice(0, from)}${settingsTable()}${text.slice(to)}`);
