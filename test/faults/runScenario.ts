import { once } from 'node:events';
import { connect } from 'node:net';

import { LagMeter, timed } from '../support/LagMeter';
import type { Opener } from '../support/Opener';
import { exchange, get } from '../support/server/exchange';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { sleep } from '../support/sleep';
import type { Expectation, Scenario, World } from './Scenario';
import { Workload } from './Workload';
import type { Outcome, Wave } from './Workload';

const CALLS = 200;
const SOCKETS = 4;
export const POOL_SIZE = 5;
const BETWEEN_WAVES_MS = 250;
const GRACE_MS = 250;
const GIVE_UP_MS = 10_000;

const OPTIONS = { poolSize: POOL_SIZE, requestTimeoutMs: 500, connectTimeoutMs: 500, reconnectMs: 200, retryMs: 200 };

/** The result of a scenario. Times are in ms. */
export interface Report {
    scenario: string;
    calls: number;
    settled: number;
    succeeded: number;
    codes: Record<string, number>;
    wrong: string[];
    /** Errors without a code, without the name of the server, or with a value. */
    flaws: string[];
    late: number;
    slowestMs: number;
    timeoutMs: number;
    /** Calls whose outcome differs from the expectation of the scenario. */
    unexpected: string[];
    /**
     * The time from the return of the server to 200 correct reads, less the lag of this process.
     */
    recoveredMs: number;
    /** The duration of close, less the lag of this process. */
    closedMs: number;
    /** The sockets of the client after the recovery. */
    sockets: number;
    leftOpen: { sockets: number; pending: number; timers: number };
}

export async function play(scenario: Scenario, open: Opener): Promise<Report> {
    const memcached = await open.server({ args: scenario.memcachedArgs });
    const proxy = await open.faultProxy(memcached);
    const options = { ...OPTIONS, ...scenario.options };
    const client = await open.client(scenario.direct ? memcached : proxy, options);
    const lag = new LagMeter();
    open.atEnd(() => lag.stop());
    return run(scenario, { memcached, proxy, client }, options.requestTimeoutMs, lag);
}

async function run(scenario: Scenario, world: World, timeoutMs: number, lag: LagMeter): Promise<Report> {
    const { memcached, proxy, client } = world;
    const { port } = scenario.direct ? memcached : proxy;
    const workload = new Workload(client, `127.0.0.1:${port}`, scenario.forgets ?? false, timeoutMs, lag);
    const outcomes: Outcome[] = [];
    const unexpected: string[] = [];

    async function settle(wave: Wave, expectation: Expectation, when: string): Promise<void> {
        const settled = await wave.settled(timeoutMs + GIVE_UP_MS);
        outcomes.push(...settled);
        unexpected.push(...settled.filter(one => !isExpected(one, expectation)).map(one => describe(one, when)));
    }

    await workload.store();
    await workload.spread(SOCKETS);

    if (scenario.catches) {
        await scenario.catches(world);
        const before = proxy.requestFrames;
        const wave = workload.launch(CALLS);
        await wave.issued;
        // If the server is late, flow control may hold some calls back.
        const end = performance.now() + timeoutMs / 2;
        while (!scenario.direct && proxy.requestFrames - before < CALLS && performance.now() < end) await sleep(1);
        await scenario.strikes(world);
        await settle(wave, scenario.inFlight, 'in flight');
    } else {
        await scenario.strikes(world);
        await settle(workload.launch(CALLS), scenario.inFlight, 'after the break');
    }

    const brokenAt = performance.now();
    do {
        await settle(workload.launch(CALLS), scenario.meanwhile, 'meanwhile');
    } while (await lastsOn(brokenAt, scenario.lastsMs ?? 0));

    await scenario.mends(world);
    const recoveredMs = await timed(() => recover(workload));
    await settle(workload.launch(CALLS), 'all', 'after recovery');
    if (!scenario.forgets) await workload.checkCounters(key => countOf(memcached, key));

    const sockets = client.socketCount;
    const closedMs = await timed(() => client.close());
    const leftOpen = { sockets: client.socketCount, pending: client.pendingCount, timers: client.timerCount };
    // Only the other end of a connection proves that the client has closed its socket.
    await proxy.until(({ linkCount }) => linkCount === 0);

    lag.stop();
    const slowestMs = Math.max(...outcomes.map(({ ms }) => ms));
    return {
        scenario: scenario.name,
        calls: workload.callCount,
        settled: workload.settledCount,
        succeeded: outcomes.filter(({ code }) => code === null).length,
        codes: countCodes(outcomes),
        wrong: workload.wrong,
        flaws: [...new Set(workload.flaws)],
        late: outcomes.filter(({ overdueMs }) => overdueMs > GRACE_MS).length,
        slowestMs,
        timeoutMs,
        unexpected: [...new Set(unexpected)],
        recoveredMs,
        closedMs,
        sockets,
        leftOpen,
    };
}

async function lastsOn(since: number, ms: number): Promise<boolean> {
    if (performance.now() - since >= ms) return false;
    await sleep(BETWEEN_WAVES_MS);
    return true;
}

async function recover(workload: Workload): Promise<void> {
    const since = performance.now();
    for (;;) {
        const problem = await workload.read();
        if (problem === null) return;
        const ms = performance.now() - since;
        if (ms > GIVE_UP_MS)
            throw new Error(`still not right ${Math.round(ms)} ms after the server's return: ${problem}`);
        await sleep(5);
    }
}

/** Reads the counter directly from the server, without the client. */
async function countOf({ port, host }: MemcachedProcess, key: string): Promise<number> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    const { value } = await exchange(socket, get(key));
    socket.destroy();
    return Number(value.trim());
}

function isExpected({ verb, code }: Outcome, expectation: Expectation): boolean {
    switch (expectation) {
        case 'all':
            return code === null;
        case 'repeatable':
            return code === null || verb === 'increment';
        case 'none':
            return code !== null;
        case 'any':
            return true;
    }
}

function describe({ verb, code }: Outcome, when: string): string {
    return `${verb} ${when}: ${code ?? 'succeeded'}`;
}

function countCodes(outcomes: Outcome[]): Record<string, number> {
    const codes: Record<string, number> = {};
    for (const { code } of outcomes) if (code !== null) codes[code] = (codes[code] ?? 0) + 1;
    return codes;
}
