import type { Login } from '../../model/ServerAddress';
import type { StoreSpec } from '../../model/StoreSpec';
import { high32, low32, put32 } from '../../../util/uint64';
import type { ConcatMode, CountMode, RequestWriter, StoreMode, StoreReply } from '../Protocol';
import { WriteBuffer } from '../WriteBuffer';
import { HEADER_BYTES, NO_CREATE, Opcode, REQUEST_MAGIC } from './constants';

/** A writer of frames in wire order: `begin`, words of the extras, `key`, `value`, `end`. */
export class BinaryWriter extends WriteBuffer implements RequestWriter {
    get(opaque: number, key: string, isQuiet = false): void {
        this.keyFrame(isQuiet ? Opcode.GETQ : Opcode.GET, opaque, key);
    }

    getAndTouch(opaque: number, key: string, seconds: number): void {
        this.expiryFrame(Opcode.GAT, opaque, key, seconds);
    }

    touch(opaque: number, key: string, seconds: number): void {
        this.expiryFrame(Opcode.TOUCH, opaque, key, seconds);
    }

    store(opaque: number, mode: StoreMode, key: string, spec: StoreSpec, reply: StoreReply): void {
        this.storeFrame(storeOpcode(mode, reply === 'error'), opaque, key, spec);
    }

    compareAndStore(opaque: number, key: string, spec: StoreSpec, casHigh: number, casLow: number): void {
        // When memcached is out of memory, SET deletes the item despite its CAS. REPLACE keeps it.
        this.storeFrame(Opcode.REPLACE, opaque, key, spec, casHigh, casLow);
    }

    concat(opaque: number, mode: ConcatMode, key: string, value: string | Uint8Array): void {
        this.begin(mode === 'append' ? Opcode.APPEND : Opcode.PREPEND, opaque, 0, 0, key, 0);
        this.key(key);
        this.end(this.value(value));
    }

    delete(opaque: number, key: string, isQuiet = false): void {
        this.keyFrame(isQuiet ? Opcode.DELETEQ : Opcode.DELETE, opaque, key);
    }

    compareAndDelete(opaque: number, key: string, casHigh: number, casLow: number, isQuiet = false): void {
        this.keyFrame(isQuiet ? Opcode.DELETEQ : Opcode.DELETE, opaque, key, casHigh, casLow);
    }

    count(opaque: number, mode: CountMode, key: string, delta: bigint, initial: bigint | null, seconds: number): void {
        this.begin(mode === 'increment' ? Opcode.INCREMENT : Opcode.DECREMENT, opaque, 0, 0, key, 20);
        this.uint64(delta);
        this.uint64(initial ?? 0n);
        this.uint32(initial === null ? NO_CREATE : Math.min(seconds, NO_CREATE - 1));
        this.key(key);
        this.end(null);
    }

    noop(opaque: number): void {
        this.keyFrame(Opcode.NOOP, opaque, '');
    }

    version(opaque: number): void {
        this.keyFrame(Opcode.VERSION, opaque, '');
    }

    stat(opaque: number, group: string): void {
        this.keyFrame(Opcode.STAT, opaque, group);
    }

    flush(opaque: number): void {
        this.keyFrame(Opcode.FLUSH, opaque, '');
    }

    /** Logs in with SASL PLAIN, in one step. */
    login(opaque: number, { username, password }: Login): void {
        const mechanism = 'PLAIN';
        this.begin(Opcode.SASL_AUTH, opaque, 0, 0, mechanism, 0);
        this.key(mechanism);
        this.end(this.value(`\0${username}\0${password}`));
    }

    private keyFrame(opcode: number, opaque: number, key: string, casHigh = 0, casLow = 0): void {
        this.begin(opcode, opaque, casHigh, casLow, key, 0);
        this.key(key);
        this.end(null);
    }

    private expiryFrame(opcode: number, opaque: number, key: string, seconds: number): void {
        this.begin(opcode, opaque, 0, 0, key, 4);
        this.uint32(seconds);
        this.key(key);
        this.end(null);
    }

    private storeFrame(opcode: number, opaque: number, key: string, spec: StoreSpec, casHigh = 0, casLow = 0): void {
        this.begin(opcode, opaque, casHigh, casLow, key, 8);
        this.uint32(spec.flagBits);
        this.uint32(spec.expirySeconds);
        this.key(key);
        this.end(this.value(spec.value));
    }

    /** @param extras the size of the extras in bytes */
    private begin(opcode: number, opaque: number, casHigh: number, casLow: number, key: string, extras: number): void {
        this.start = this.position;
        this.ensure(HEADER_BYTES + extras + key.length * 3);
        const at = this.start;
        const b = this.buffer;
        b[at] = REQUEST_MAGIC;
        b[at + 1] = opcode;
        b[at + 4] = extras;
        b[at + 5] = 0;
        b[at + 6] = 0;
        b[at + 7] = 0;
        put32(b, at + 12, opaque);
        put32(b, at + 16, casHigh);
        put32(b, at + 20, casLow);
        this.position = at + HEADER_BYTES;
    }

    private uint32(word: number): void {
        put32(this.buffer, this.position, word);
        this.position += 4;
    }

    private uint64(value: bigint): void {
        this.uint32(high32(value));
        this.uint32(low32(value));
    }

    private key(key: string): void {
        const bytes = this.text(key);
        this.buffer[this.start + 2] = bytes >>> 8;
        this.buffer[this.start + 3] = bytes;
    }

    private end(referenced: Uint8Array | null): void {
        const written = this.position - this.start;
        const bytes = referenced === null ? written : written + referenced.length;
        put32(this.buffer, this.start + 8, bytes - HEADER_BYTES);
        this.finish(bytes, referenced);
    }
}

function storeOpcode(mode: StoreMode, isQuiet: boolean): number {
    if (mode === 'set') return isQuiet ? Opcode.SETQ : Opcode.SET;
    return mode === 'add' ? Opcode.ADD : Opcode.REPLACE;
}
