import { SetManyCall } from '../../../src/client/calls/batchCalls';
import type { CallHost } from '../../../src/client/calls/Call';
import { Deadlines } from '../../../src/client/calls/Deadlines';
import { BinaryWriter } from '../../../src/client/protocol/binary/BinaryWriter';
import { BinaryReply } from '../../../src/client/protocol/binary/BinaryReply';
import { Receipt } from '../../../src/client/model/StoreAccount';
import { opcodes } from '../../support/opcodes';

const KEYS = 120;
const TOO_LARGE = 3;

/** Encodes a batch with opaques from 0 on, and records the reports of the call to the account. */
function send() {
    const known: [key: string, cas: number, epoch: number][] = [];
    const account = {
        add: (key: string) => new Receipt(key),
        stored: ({ key }: Receipt, _: number, low: number, epoch: number) => known.push([key, low, epoch]),
        isOver: false,
        evict: () => null,
        forget: () => {},
    };
    const keys = Array.from({ length: KEYS }, (_, i) => `key${i}`);
    const specs = keys.map(() => ({ value: 'x', flagBits: 0, expirySeconds: 60 }));
    const call = new SetManyCall(keys, specs, new Map(), account);
    const deadlines = new Deadlines();
    const counts = { countError: () => {} };
    call.host = { address: 'server', epoch: 7, deadlines, metrics: counts } as unknown as CallHost;
    const writer = new BinaryWriter();
    call.encode(writer, 0);
    const answer = (opaque: number, casLow: number, outcome = 0) => {
        call.onReply(Object.assign(new BinaryReply(), { opaque, casLow, outcome }));
    };
    return { writer, answer, known };
}

/** Returns the expected records for the keys from one index to another. */
const known = (from: number, to: number, cas: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => [`key${from + i}`, cas + i, 7]);

describe('SetManyCall with an account', () => {
    it('asks for a reply to the first value, the last value, and one in 50', () => {
        const frames = Buffer.concat(send().writer.take());
        const answered: number[] = [];
        for (let at = 0; at < frames.length; at += 24 + frames.readUInt32BE(at + 8))
            if (frames[at + 1] === opcodes.SET) answered.push(frames.readUInt32BE(at + 12));
        expect(answered).toEqual([0, 50, 100, 119]);
    });

    it('derives the CAS of every value when the CAS numbers have no gap', () => {
        const sent = send();
        for (const index of [0, 50, 100, 119]) sent.answer(index, 1000 + index);
        expect(sent.known).toEqual(known(0, KEYS - 1, 1000));
    });

    it('knows only the answered values where another store leaves a gap in the CAS numbers', () => {
        const sent = send();
        sent.answer(0, 1000);
        sent.answer(50, 1051);
        sent.answer(100, 1101);
        expect(sent.known).toEqual([...known(0, 0, 1000), ...known(50, 100, 1051)]);
    });

    it('knows only the answered values where the server rejects a value', () => {
        const sent = send();
        sent.answer(0, 1000);
        sent.answer(20, 0, TOO_LARGE);
        // The server rejects value 20, and a store of another client takes that CAS number.
        sent.answer(50, 1051);
        sent.answer(100, 0, TOO_LARGE);
        sent.answer(119, 1171);
        expect(sent.known).toEqual([...known(0, 0, 1000), ...known(50, 50, 1051), ...known(119, 119, 1171)]);
    });

    it('ignores the CAS of an unrequested reply', () => {
        const sent = send();
        for (const [index, casLow] of [
            [0, 1000],
            [1, 0],
            [50, 1050],
        ] as const)
            sent.answer(index, casLow);
        expect(sent.known).toEqual(known(0, 50, 1000));
    });
});
