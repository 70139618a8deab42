import { Call } from './Call';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Opcode, Status } from '../protocol/binary/constants';
import type { BinaryReply } from '../protocol/binary/BinaryReply';

/** Calls that delete one key. */

export class DeleteCall extends Call<boolean> {
    readonly retry = 'always';

    get operation(): string {
        return 'delete';
    }

    override describeResult(wasThere: boolean): string {
        return wasThere ? 'deleted' : 'missing';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.DELETE, opaque, this.key, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply.status);
        return true;
    }
}

/** 'stale': not sent, its CAS is of another epoch. */
export type CasDeleteReply = 'deleted' | 'changed' | 'missing' | 'stale';

/** DELETE of the item that has this CAS. Not repeated: "missing" would hide the success of the first try. */
export class CasDeleteCall extends Call<CasDeleteReply> {
    readonly retry = 'never';

    constructor(
        key: string,
        private readonly cas: bigint,
        private readonly expectsEpoch: boolean,
    ) {
        super(key);
    }

    get operation(): string {
        return 'casDelete';
    }

    override describeResult(reply: CasDeleteReply): string {
        return reply;
    }

    override onEpochChange(): void {
        if (this.expectsEpoch) this.succeed('stale');
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.DELETE, opaque, this.key, this.cas);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed('deleted');
        else if (reply.status === Status.NOT_FOUND) this.succeed('missing');
        else if (reply.status === Status.EXISTS) this.succeed('changed');
        else this.rejectWith(reply.status);
        return true;
    }
}
