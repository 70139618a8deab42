import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { high32, low32 } from '../../util/uint64';
import { Call } from './Call';

/** A call that deletes one key. It resolves with whether the key existed. */
export class DeleteCall extends Call<boolean> {
    readonly operation = 'delete';
    readonly retry = 'always';

    override describeResult(wasThere: boolean): string {
        return wasThere ? 'deleted' : 'missing';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.delete(opaque, this.key);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(true);
        else if (reply.outcome === Outcome.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply);
        return true;
    }
}

/** The outcome. 'stale' = not sent, because the CAS is of another epoch. */
export type CasDeleteReply = 'deleted' | 'changed' | 'missing' | 'stale';

/** A call that deletes the item with this CAS. A retry would answer "missing" after a success. */
export class CasDeleteCall extends Call<CasDeleteReply> {
    readonly operation = 'casDelete';
    readonly retry = 'never';

    constructor(
        key: string,
        private readonly cas: bigint,
        private readonly expectsEpoch: boolean,
    ) {
        super(key);
    }

    override describeResult(reply: CasDeleteReply): string {
        return reply;
    }

    override onEpochChange(): void {
        if (this.expectsEpoch) this.succeed('stale');
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.compareAndDelete(opaque, this.key, high32(this.cas), low32(this.cas));
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed('deleted');
        else if (reply.outcome === Outcome.NOT_FOUND) this.succeed('missing');
        else if (reply.outcome === Outcome.EXISTS) this.succeed('changed');
        else this.rejectWith(reply);
        return true;
    }
}
