import { run, lastLines, step } from './say.mjs';
import { checkService } from './service.mjs';

/** The service of docker-compose.yml. */
const service = { host: '127.0.0.1', port: 11211 };

/** @returns {Promise<{ service?: { host: string, port: number }, failure?: string }>} */
export async function startContainer() {
    // Many machines have a client without an engine. `docker info` may hang on a remote engine.
    const { isOk: hasEngine } = await run('docker', ['info'], { timeoutMs: 5000 });
    if (!hasEngine) return { failure: 'Docker: no engine answers.' };
    const work = () => run('docker', ['compose', 'up', '--detach', '--wait'], { timeoutMs: 5 * 60_000 });
    const { isOk, output } = await step('Starting memcached with Docker', work);
    if (!isOk) return { failure: `docker compose up failed:\n${lastLines(output)}` };
    return checkService(service).then(
        () => ({ service }),
        error => ({ failure: error.message }),
    );
}
