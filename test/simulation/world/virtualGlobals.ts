import crypto from 'node:crypto';
import dns from 'node:dns';
import net from 'node:net';
import type { EventLoop, VirtualImmediate, VirtualTimer } from './EventLoop';
import type { Random } from './Random';
import type { World } from './World';

/** Machine of a process: event loop, randomness, clock and network. */
export interface Machine {
    readonly loop: EventLoop;
    readonly random: Random;
    /** Random bytes of tokens. */
    readonly bytes: Random;
    /** Difference between the system clock and simulated time. */
    readonly clockOffsetMs: number;
    connect(options: net.NetConnectOpts): net.Socket;
}

type Callback = (...args: unknown[]) => void;

/**
 * Replaces all functions for time, randomness and sockets that the sources use. Each replacement
 * acts for the running process. Returns a function that restores Node's functions.
 */
export function installGlobals(world: World, machineOf: (loop: EventLoop) => Machine): () => void {
    const here = (): Machine => machineOf(world.current!);
    const timer =
        (isRepeated: boolean) =>
        (callback: Callback, ms = 1, ...args: unknown[]): VirtualTimer =>
            world.current!.setTimer(args.length === 0 ? callback : () => callback(...args), ms, isRepeated);
    const clearTimer = (one: VirtualTimer | null | undefined): void => one?.close() as void;
    const restores = [
        replace(globalThis, 'setTimeout', timer(false)),
        replace(globalThis, 'setInterval', timer(true)),
        replace(globalThis, 'clearTimeout', clearTimer),
        replace(globalThis, 'clearInterval', clearTimer),
        replace(globalThis, 'setImmediate', (callback: Callback, ...args: unknown[]) =>
            world.current!.setImmediate(args.length === 0 ? callback : () => callback(...args)),
        ),
        replace(globalThis, 'clearImmediate', (one: VirtualImmediate | null | undefined) => {
            if (one) one.callback = null;
        }),
        replace(performance, 'now', () => world.nowMs),
        replace(Date, 'now', () => Math.floor(world.nowMs + (world.current === null ? 0 : here().clockOffsetMs))),
        replace(Math, 'random', () => here().random.next()),
        replace(crypto, 'randomInt', (max: number) => here().random.int(0, max - 1)),
        // Random bytes need their own stream, because the lock draws them once per Node process, in
        // its first schedule.
        replace(crypto, 'randomBytes', (size: number) =>
            Buffer.from(Array.from({ length: size }, () => here().bytes.int(0, 255))),
        ),
        // `net.connect` takes the names of servers. Each has one address, whichever that is.
        replace(dns.promises, 'lookup', () => Promise.resolve([])),
        replace(net, 'connect', (options: net.NetConnectOpts) => here().connect(options)),
    ];
    return () => {
        for (const restore of restores) restore();
    };
}

function replace(owner: object, name: string, value: unknown): () => void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    return () => {
        if (before === undefined) Reflect.deleteProperty(owner, name);
        else Object.defineProperty(owner, name, before);
    };
}
