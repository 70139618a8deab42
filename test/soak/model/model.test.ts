import { codeOf } from '../../support/codeOf';
import { useOpener } from '../../support/Opener';
import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';
import { countsOf, listed, listOf } from '../histories/report';
import { FaultSource } from '../proxy/FaultSource';
import { IN_ORDER, StallingProxy } from '../proxy/StallingProxy';
import { soakMs } from '../soakMs';
import { Actor } from './Actor';
import { Disasters } from './Disasters';
import { Ledger } from './Ledger';

const CLIENTS = 4;
const ACTORS = 16;
const SERVERS = 3;
const KEYS = Array.from({ length: 10 }, (_, i) => `key:${i}`);
const COUNTERS = ['count:0', 'count:1', 'count:2'];
const RUN_MS = soakMs(12_000);
const TIMEOUT_MS = 300;
const OPTIONS = { requestTimeoutMs: TIMEOUT_MS, connectTimeoutMs: 300, reconnectMs: 100, retryMs: 200 };

/**
 * A resumed server executes requests that the client has already abandoned. A rejected write, or a
 * retried removal, may therefore be late. The test counts and prints both. An acknowledged store
 * never reappears.
 */
describe('a client whose servers and connections break', () => {
    const opener = useOpener();

    it('reads only values that the history of the key allows, and returns each count once', async () => {
        const servers = await Promise.all(Array.from({ length: SERVERS }, () => opener.server({ args: IN_ORDER })));
        const proxies = await Promise.all(servers.map(server => opener.ending(StallingProxy.start(server, 'network'))));
        const clients = await Promise.all(Array.from({ length: CLIENTS }, () => opener.client(proxies, OPTIONS)));
        const ledger = new Ledger(COUNTERS);

        /** Records that a restart removes all keys of its server. */
        const onRestart = (server: number): (() => void) => {
            const began = ledger.now();
            return () => {
                const ended = ledger.now();
                const isLost = (key: string): boolean => clients[0]!.homeServer(key).port === proxies[server]!.port;
                for (const key of KEYS.filter(isLost)) ledger.wrote(key, null, true, { began, ended });
                for (const key of COUNTERS.filter(isLost)) ledger.counters.get(key)!.lost({ began, ended });
            };
        };
        const faults = new FaultSource(proxies, TIMEOUT_MS, randomOf('model faults'));
        const random = randomOf('model disasters');
        const reopen = async (): Promise<void> => {
            const client = clients[Math.floor(random() * CLIENTS)]!;
            await client.close();
            // Open rejects while no server answers.
            while ((await codeOf(client.open())) !== 'answered undefined') await sleep(50);
        };
        const disasters = new Disasters(servers, { 'clients opened anew': reopen }, onRestart, random);
        const actors = Array.from(
            { length: ACTORS },
            (_, i) => new Actor(clients[i % CLIENTS]!, KEYS, ledger, randomOf(`actor ${i}`)),
        );
        const end = performance.now() + RUN_MS;
        const running = [faults, disasters, ...actors].map(one => one.run(() => performance.now() >= end));
        // No call may continue after the test has failed.
        await Promise.allSettled(running);
        await Promise.all(running);

        const findings = ledger.histories.findings();
        const miscounts = ledger.counterFindings();
        const calls = [...ledger.calls.values()].reduce((a, b) => a + b, 0);
        process.stdout.write(
            [
                `model: ${calls} calls in ${RUN_MS / 1000} s (${listed(ledger.calls)})`,
                `${ledger.histories.readCount} values read`,
                `faults: ${listed(faults.counts)}; ${listed(disasters.counts)}`,
                `rejected: ${listed(ledger.codes)}`,
                `${countsOf(findings)}; ${miscounts.length} miscounts`,
            ].join('\n    ') + '\n',
        );
        expect(listOf(findings, 'undone', 'invented')).toEqual([]);
        expect(miscounts).toEqual([]);
        expect(calls).toBeGreaterThan(RUN_MS / 10);
    });
});
