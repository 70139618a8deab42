import { PLAIN, type Variant } from '../memcached/protocols/FrontEnd';
import type { Random } from '../world/Random';
import type { ClientPlan, Fault, Plan, ProtocolMode } from './Plan';

/** Value of `options.protocol` in every process. With `mixed` each process has a separate value. */
export type ProtocolChoice = ProtocolMode | 'mixed';

/** Relative frequencies. With `auto` most connections speak the binary protocol. */
const CHOICES = { binary: 4, auto: 3, meta: 2, mixed: 1 };
const SPEAKS = { both: 4, binary: 1, text: 2, proxy: 1 };
/** Latencies of a connection and its handshake, with the largest jitter. */
const CONNECTION_LATENCIES = 14;
/** Share of restarts that replace a server by another build. */
const CHANGE_SHARE = 0.5;

type Shape = Pick<Plan, 'processes' | 'servers' | 'parts' | 'hasLogin' | 'client' | 'latencyMs'>;

/**
 * Draws the protocols of the processes and the builds of the servers. Every process can speak with
 * every server, after restarts too.
 */
export function makeProtocols(
    random: Random,
    shape: Shape,
    faults: readonly Fault[],
    durationMs: number,
    choice: ProtocolChoice = random.weighted(CHOICES),
): Pick<Plan, 'protocols' | 'variants' | 'faults' | 'client'> {
    const protocols = makeModes(random, shape, choice);
    const draw = (): Variant => makeVariant(random, shape, protocols);
    // Another build leaves the schedule as it is, so binary schedules have none.
    if (choice === 'binary') {
        const only: Variant = shape.hasLogin ? { ...PLAIN, speaks: 'binary' } : PLAIN;
        const variants = Array.from({ length: shape.servers }, () => only);
        return { protocols, variants, faults, client: shape.client };
    }
    return {
        protocols,
        client: protocols.includes('auto') ? withSecondConnection(shape) : shape.client,
        variants: Array.from({ length: shape.servers }, draw),
        faults: [
            ...faults.map(fault =>
                fault.kind === 'restart' && random.chance(CHANGE_SHARE) ? { ...fault, becomes: draw() } : fault,
            ),
            ...makeInterrupts(random.of('interrupts'), shape, durationMs),
        ],
    };
}

/** Draws interruptions, which separate a store from the request that reads it back. */
function makeInterrupts(random: Random, { processes, servers, client }: Shape, durationMs: number): Fault[] {
    if (random.chance(0.5)) return [];
    return Array.from({ length: random.int(1, 20) }, () => ({
        kind: 'interrupt',
        atMs: Math.round(random.between(0, durationMs)),
        server: random.int(0, servers - 1),
        process: random.int(0, processes - 1),
        forMs: random.pick([1, 20, client.requestTimeoutMs / 2]),
    }));
}

/** Leaves time for a connection over the other protocol, within the timeout of a call. */
function withSecondConnection({ client, latencyMs }: Shape): ClientPlan {
    return { ...client, requestTimeoutMs: Math.ceil(client.requestTimeoutMs + CONNECTION_LATENCIES * latencyMs) };
}

function makeModes(random: Random, { processes, hasLogin }: Shape, choice: ProtocolChoice): ProtocolMode[] {
    // A server with logins speaks one protocol, so no process may insist on the other one.
    const insistent = random.pick(['binary', 'meta'] as const);
    const modes = hasLogin ? (['auto', insistent] as const) : (['auto', 'binary', 'meta'] as const);
    return Array.from({ length: processes }, () => (choice === 'mixed' ? random.pick(modes) : choice));
}

function makeVariant(random: Random, { parts, hasLogin }: Shape, protocols: readonly ProtocolMode[]): Variant {
    const hasBinary = protocols.includes('binary');
    const hasMeta = protocols.includes('meta');
    const speaks = random.weighted({
        both: hasLogin ? 0 : SPEAKS.both,
        binary: hasMeta ? 0 : SPEAKS.binary,
        text: hasBinary ? 0 : SPEAKS.text,
        // Locks refuse a proxy.
        proxy: hasBinary || hasLogin || parts.includes('lock') ? 0 : SPEAKS.proxy,
    });
    switch (speaks) {
        case 'proxy':
            return { speaks, version: '1.6.45' };
        case 'text':
            return { speaks, version: random.pick(['1.6.18', '1.6.45']) };
        default:
            return { speaks, version: random.pick(hasMeta ? ['1.6.18', '1.6.45'] : ['1.5.16', '1.6.18', '1.6.45']) };
    }
}
