import { Call } from './Call';
import type { FrameWriter } from './FrameWriter';
import { Opcode, Status } from './protocol';
import type { Reply } from './Reply';

/** Calls that delete one key. */

export class DeleteCall extends Call<boolean> {
    readonly retry = 'always';

    get operation(): string {
        return 'delete';
    }

    override resultOf(wasThere: boolean): string {
        return wasThere ? 'deleted' : 'missing';
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.keyFrame(Opcode.DELETE, opaque, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.refuse(reply.status);
        return true;
    }
}

/** 'stale': not sent, its CAS is of another generation. */
export type CasDeleteReply = 'deleted' | 'changed' | 'missing' | 'stale';

/** DELETE of the item that has this CAS. Not repeated: "missing" would hide the success of the first try. */
export class CasDeleteCall extends Call<CasDeleteReply> {
    readonly retry = 'never';

    constructor(
        key: string,
        private readonly cas: bigint,
        private readonly isOfGeneration: boolean,
    ) {
        super(key);
    }

    get operation(): string {
        return 'casDelete';
    }

    override resultOf(reply: CasDeleteReply): string {
        return reply;
    }

    override onNewGeneration(): void {
        if (this.isOfGeneration) this.succeed('stale');
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.keyFrame(Opcode.DELETE, opaque, this.key, this.cas);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed('deleted');
        else if (reply.status === Status.NOT_FOUND) this.succeed('missing');
        else if (reply.status === Status.EXISTS) this.succeed('changed');
        else this.refuse(reply.status);
        return true;
    }
}
