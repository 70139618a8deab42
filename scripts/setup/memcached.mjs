import { accessSync, constants, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import memcached from '../memcached.cjs';
import { findUnpacked, installWithApt, isDebian, unpackWithApt } from './debian.mjs';
import { startContainer } from './docker.mjs';
import { checkService } from './service.mjs';
import { run, say, SetupError } from './say.mjs';

const { recordPath, readRecord } = memcached;

/** Looks at the environment, then the PATH, then an earlier set-up's result. Installs nothing. */
export async function findMemcached() {
    const { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port } = process.env;
    if (host) await checkService({ host, port: Number(port || 11211) });
    const binary = onPath('memcached') ?? findUnpacked();
    if (binary && (await remember(binary))) return true;
    if (host) return true;
    const { service } = readRecord();
    return (
        service !== undefined &&
        checkService(service).then(
            () => true,
            () => false,
        )
    );
}

/** Tries the least invasive way first and the most invasive one last. */
export async function installMemcached() {
    const ways = [
        isDebian() && process.getuid() === 0 && installWithApt,
        isDebian() && unpackWithApt,
        startContainer,
    ].filter(Boolean);
    const failures = [];
    for (const way of ways) {
        const { service, failure } = await way();
        if (failure) {
            failures.push(failure);
            continue;
        }
        if (service) writeRecord({ service });
        if (await findMemcached()) return;
    }
    throw new SetupError([...failures, howTo].join('\n\n'));
}

export function describeMemcached() {
    const { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port } = process.env;
    const { binary, service } = readRecord();
    if (host) return `memcached at ${host}:${port || 11211}${binary ? '' : ', none of our own'}`;
    return binary ? `memcached ${binary.version} (${binary.command})` : `memcached at ${service.host}:${service.port}`;
}

/** Records the memcached. Returns whether it runs. */
async function remember({ command, env }) {
    const known = readRecord().binary;
    const { mtimeMs } = statSync(command);
    if (known?.command === command && known.mtimeMs === mtimeMs) return true;
    const { isOk, output } = await run(command, ['-V'], { env });
    const version = /memcached (\S+)/.exec(output)?.[1];
    if (!isOk || !version) {
        say(`${command} does not run: ${output.trim()}`);
        return false;
    }
    writeRecord({ binary: { command, env, version, mtimeMs } });
    return true;
}

function writeRecord(record) {
    mkdirSync(dirname(recordPath), { recursive: true });
    const draft = `${recordPath}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(draft, recordPath);
}

function onPath(name) {
    for (const directory of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
        const command = join(directory, name);
        try {
            accessSync(command, constants.X_OK);
            return { command, env: {} };
        } catch {
            // The next candidate may run.
        }
    }
    return undefined;
}

const howTo = `memcached is missing, and the set-up could not install it. Install it in one of these ways, then run this again:
  Debian, Ubuntu   sudo apt-get install memcached libsasl2-modules
  Fedora           sudo dnf install memcached cyrus-sasl-plain
  Alpine           apk add memcached
  macOS            brew install memcached
  Docker           docker compose up -d --wait
  elsewhere        set MEMCACHED_SERVICE_HOST and MEMCACHED_SERVICE_PORT`;
