import { limitExpiry } from '../model/expiry';
import { Outcome, type CountMode, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call } from './Call';

/** The value. null = no such counter. 'raced' = not counted, as another client has created it. */
export type CounterReply = bigint | null | 'raced';

/** A call that increments or decrements a counter. It is not idempotent. */
export class CounterCall extends Call<CounterReply> {
    readonly retry = 'never';

    /** @param initial the value of a new counter, null = do not create it */
    constructor(
        readonly operation: CountMode,
        key: string,
        private readonly delta: bigint,
        private readonly initial: bigint | null,
        private expirySeconds: number,
    ) {
        super(key);
    }

    override describeResult(reply: CounterReply): string {
        if (reply === 'raced') return reply;
        return reply === null ? 'missing' : 'counted';
    }

    override limitExpiry(limit: number): void {
        this.expirySeconds = limitExpiry(this.expirySeconds, limit);
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.count(opaque, this.operation, this.key, this.delta, this.initial, this.expirySeconds);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(reply.counter());
        else if (reply.outcome === Outcome.NOT_FOUND) this.succeed(null);
        else if (reply.outcome === Outcome.NOT_STORED) this.succeed('raced');
        else this.rejectWith(reply);
        return true;
    }
}
