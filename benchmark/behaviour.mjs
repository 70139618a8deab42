// Tests how the clients behave under faults (`npm run bench -- behaviour`). Writes the table behind
// the README's comparison.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { clients } from './behaviour/clients.mjs';
import { questions } from './behaviour/questions.mjs';
import { describeRun } from './report/machine.mjs';
import { startMemcached } from './server/memcached.mjs';

const LIMIT_MS = 40_000;
const END_MS = 5000;
const [, self, name, question] = process.argv;

if (name === undefined) await askEverybody();
else await answer();

/** Puts one question to one client, in the child process. */
async function answer() {
    // An error that a service cannot catch ends the process of the service.
    process.once('uncaughtException', error => tell({ isGood: false, says: `crashes: ${error.message}` }));
    const found = await questions[question].ask(clients[name]).catch(error => {
        return { isGood: false, says: `fails: ${error.message}` };
    });
    tell(found);
}

function tell(found) {
    process.stdout.write(`${JSON.stringify(found)}\n`, () => {
        if (!found.mustEnd) process.exit();
    });
}

async function askOne(client, id) {
    const child = spawn(process.execPath, [self, client, id], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'close').then(() => true);
    const said = text(child.stdout);
    const told = once(child.stdout, 'data').then(() => true);
    const limit = ms => new Promise(resolve => setTimeout(resolve, ms, false).unref());
    const isTold = await Promise.race([told, exited, limit(LIMIT_MS)]);
    const hasEnded = isTold && (await Promise.race([exited, limit(END_MS)]));
    child.kill('SIGKILL');
    const line = (await said).trim();
    if (line === '') return { isGood: false, says: 'no answer' };
    const found = JSON.parse(line.split('\n')[0]);
    return found.mustEnd && !hasEnded ? { isGood: false, says: 'no' } : found;
}

async function askEverybody() {
    const names = Object.keys(clients);
    const rows = [];
    let wrong = 0;
    for (const [id, { title }] of Object.entries(questions)) {
        const answers = await Promise.all(names.map(client => askOne(client, id)));
        if (!answers[0].isGood) wrong++;
        rows.push([title, ...answers.map(({ isGood, says }) => (isGood ? says : `**${says}**`))]);
        console.log(`${title}\n${names.map((client, i) => `  ${client}: ${answers[i].says}`).join('\n')}`);
    }
    const server = await startMemcached();
    const { date, machine, node, memcached, packages } = describeRun({ args: ['behaviour'], memcached: server });
    await server.stop();
    const line = cells => `| ${cells.join(' | ')} |`;
    const heads = ['', ...names.map(client => (client === 'ours' ? 'this package' : `${client} ${packages[client]}`))];
    const table = [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
    const head = `${machine}; Node ${node}; memcached ${memcached}  \n${date}; \`npm run bench -- behaviour\`; every client as it comes, told to wait for 1 s; "hang": not settled after 20 s`;
    writeFileSync(fileURLToPath(new URL('./results/behaviour.md', import.meta.url)), `${head}\n\n${table}\n`);
    if (wrong > 0) process.exitCode = 1;
}
