import { Call } from './Call';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Opcode, Status } from '../protocol/binary/constants';
import { high32, low32 } from '../../util/uint64';
import type { BinaryReply } from '../protocol/binary/BinaryReply';

/** In INCREMENT and DECREMENT this expiry says: do not create the counter. */
export const NO_CREATE = 0xffffffff;

/** null: there is no such counter. 'raced': another one created it in the same moment, and nothing was counted. */
export type CounterReply = bigint | null | 'raced';

/** INCREMENT and DECREMENT: twice would be twice. */
export class CounterCall extends Call<CounterReply> {
    readonly retry = 'never';

    constructor(
        private readonly opcode: typeof Opcode.INCREMENT | typeof Opcode.DECREMENT,
        key: string,
        private readonly delta: bigint,
        private readonly initial: bigint,
        private readonly expirySeconds: number,
    ) {
        super(key);
    }

    get operation(): string {
        return this.opcode === Opcode.INCREMENT ? 'increment' : 'decrement';
    }

    override describeResult(reply: CounterReply): string {
        if (reply === 'raced') return reply;
        return reply === null ? 'missing' : 'counted';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.begin(this.opcode, opaque, 0, 0, this.key, 20);
        for (const amount of [this.delta, this.initial]) {
            writer.uint32(high32(amount));
            writer.uint32(low32(amount));
        }
        writer.uint32(this.expirySeconds);
        writer.key(this.key);
        writer.end();
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed(reply.uint64());
        else if (reply.status === Status.NOT_FOUND) this.succeed(null);
        else if (reply.status === Status.NOT_STORED) this.succeed('raced');
        else this.rejectWith(reply.status);
        return true;
    }
}
