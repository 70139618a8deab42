import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { sleep } from '../support/sleep';
import type { Scenario, World } from './Scenario';
import { atTheServer, onTheWay } from './Scenario';
import * as faults from './replyFaults';

/** These options are for faults that fail no idempotent call, even on a busy machine. */
const PATIENT = { requestTimeoutMs: 2000 };

/** These limits exceed the start-up time of a server. */
const ENDURING = { requestTimeoutMs: 5000, failures: 1000 };

const bringsBack = ({ memcached }: World): Promise<void> => memcached.restart();
const wakesUp = ({ memcached }: World): void => memcached.continue();

export const scenarios: Scenario[] = [
    {
        name: 'server killed',
        ...atTheServer(({ memcached }) => memcached.kill(), bringsBack),
        inFlight: 'none',
        meanwhile: 'none',
        forgets: true,
    },
    {
        name: 'server restarted',
        ...atTheServer(bringsBack, () => {}),
        inFlight: 'repeatable',
        meanwhile: 'all',
        forgets: true,
        options: ENDURING,
    },
    {
        name: 'server stopped for 3 s',
        ...atTheServer(() => {}, wakesUp),
        inFlight: 'none',
        meanwhile: 'none',
        lastsMs: 3000,
    },
    {
        name: 'accept queue full (connect hangs)',
        ...fillsAcceptQueue(),
        memcachedArgs: ['-b', '1'],
        options: { connectTimeoutMs: 300 },
        inFlight: 'none',
        meanwhile: 'none',
    },
    {
        name: 'server replaced by one that talks text',
        ...talksTextInstead(),
        inFlight: 'repeatable',
        meanwhile: 'all',
        forgets: true,
        options: ENDURING,
    },
    { name: 'black hole', ...onTheWay(faults.blackHole), inFlight: 'none', meanwhile: 'none' },
    { name: 'half a reply and silence', ...onTheWay(faults.halfThen('silence')), inFlight: 'none', meanwhile: 'none' },
    { name: 'half a reply and FIN', ...onTheWay(faults.halfThen('end')), inFlight: 'none', meanwhile: 'none' },
    { name: 'half a reply and RST', ...onTheWay(faults.halfThen('reset')), inFlight: 'none', meanwhile: 'none' },
    { name: 'RST of every connection', ...onTheWay(faults.resetting), inFlight: 'none', meanwhile: 'none' },
    {
        name: 'RST once',
        ...onTheWay(faults.resettingOnce),
        inFlight: 'repeatable',
        meanwhile: 'all',
        options: PATIENT,
    },
    { name: 'FIN once', ...onTheWay(faults.endingOnce), inFlight: 'repeatable', meanwhile: 'all', options: PATIENT },
    {
        name: 'connections refused',
        ...onTheWay({}),
        strikes: ({ proxy }) => proxy.refuse(),
        mends: ({ proxy }) => proxy.listenAgain(),
        inFlight: 'none',
        meanwhile: 'none',
    },
    {
        name: 'FIN while idle',
        strikes: async ({ proxy, client }) => {
            proxy.begin(faults.endingOnce);
            await untilSocketsAreGone(client);
        },
        mends: () => {},
        inFlight: 'all',
        meanwhile: 'all',
        options: PATIENT,
    },
    {
        name: 'FIN while idle, by -o idle_timeout=1',
        direct: true,
        memcachedArgs: ['-o', 'idle_timeout=1'],
        strikes: ({ client }) => untilSocketsAreGone(client),
        mends: () => {},
        inFlight: 'all',
        meanwhile: 'all',
        options: PATIENT,
    },
    {
        name: 'replies 1.5 s late',
        ...onTheWay(faults.late(1500)),
        inFlight: 'none',
        meanwhile: 'none',
        options: { requestTimeoutMs: 1000 },
    },
    {
        name: 'replies in pieces of 7 bytes',
        ...onTheWay(faults.inPieces(7)),
        inFlight: 'all',
        meanwhile: 'all',
        options: { requestTimeoutMs: 5000 },
    },
    { name: 'text instead of replies', ...onTheWay(faults.talkingText), inFlight: 'none', meanwhile: 'none' },
    { name: 'garbage instead of replies', ...onTheWay(faults.talkingGarbage), inFlight: 'none', meanwhile: 'none' },
    { name: 'a length of 4 GiB', ...onTheWay(faults.lyingHuge), inFlight: 'none', meanwhile: 'none' },
    { name: 'a length that never comes', ...onTheWay(faults.lyingLong), inFlight: 'none', meanwhile: 'none' },
    { name: 'a length that is too short', ...onTheWay(faults.lyingShort), inFlight: 'any', meanwhile: 'any' },
    { name: 'an unknown opaque', ...onTheWay(faults.answeringStrangers), inFlight: 'none', meanwhile: 'none' },
    { name: 'every reply twice', ...onTheWay(faults.duplicated), inFlight: 'any', meanwhile: 'any' },
];

async function untilSocketsAreGone(client: World['client']): Promise<void> {
    while (client.socketCount > 0) await sleep(5);
}

function fillsAcceptQueue(): Pick<Scenario, 'direct' | 'catches' | 'strikes' | 'mends'> {
    const queue: Socket[] = [];
    return atTheServer(
        async ({ memcached }) => {
            for (let i = 0; i < 8; i++) queue.push(connect(memcached.port, memcached.host));
            await once(queue[0]!, 'connect');
        },
        ({ memcached }) => {
            const hanging = queue.filter(socket => socket.connecting);
            for (const socket of queue.splice(0)) socket.destroy();
            memcached.continue();
            if (hanging.length === 0) throw new Error('no connection hangs: the accept queue is not full');
        },
    );
}

function talksTextInstead(): Pick<Scenario, 'direct' | 'catches' | 'strikes' | 'mends'> {
    let other: MemcachedProcess;
    return atTheServer(
        async ({ memcached }) => {
            await memcached.kill();
            other = await MemcachedProcess.start({ port: memcached.port, args: ['-B', 'ascii'] });
        },
        async ({ memcached }) => {
            await other.end();
            await memcached.restart();
        },
    );
}
