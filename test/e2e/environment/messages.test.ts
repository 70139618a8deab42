import { MessageSplitter, messagesIn, requestsIn, verbOfReply } from '../../support/proxy/messages';

const frameOf = (opcode: number, key: string, cas = 0n): Buffer => {
    const header = Buffer.alloc(24);
    header[0] = 0x80;
    header[1] = opcode;
    header.writeUInt16BE(key.length, 2);
    header.writeUInt32BE(key.length, 8);
    header.writeBigUInt64BE(cas, 16);
    return Buffer.concat([header, Buffer.from(key)]);
};

const REQUESTS: [string, Buffer, string, string][] = [
    ['a get', frameOf(0x00, 'k'), 'get', 'k'],
    ['a quiet get', frameOf(0x09, 'k'), 'get', 'k'],
    ['a replace', frameOf(0x03, 'k'), 'replace', 'k'],
    ['a replace with a CAS', frameOf(0x03, 'k', 5n), 'cas', 'k'],
    ['a NOOP', frameOf(0x0a, ''), 'noop', ''],
    ['mg', Buffer.from('mg k v f c O00\r\n'), 'get', 'k'],
    ['mg with a value and an expiry', Buffer.from('mg k v f c T60 O00\r\n'), 'getAndTouch', 'k'],
    ['mg with an expiry', Buffer.from('mg k T60 O00\r\n'), 'touch', 'k'],
    ['ms', Buffer.from('ms k 6 T60 O00\r\na\r\nmg \r\n'), 'set', 'k'],
    ['add', Buffer.from('add k 0 60 3\r\nmn\n\r\n'), 'add', 'k'],
    ['cas', Buffer.from('cas k 0 60 0 17\r\n\r\n'), 'cas', 'k'],
    ['md', Buffer.from('md k C17 O00\r\n'), 'delete', 'k'],
    ['ma', Buffer.from('ma k v MI D1 O00\r\n'), 'count', 'k'],
    ['mn', Buffer.from('mn O00\r\n'), 'noop', ''],
    ['stats', Buffer.from('stats settings\r\n'), 'stat', 'settings'],
];

const REPLIES: [string, string, string | undefined][] = [
    ['a hit', 'VA 5 f0 c1 O00\r\nEND\r\n\r\n', 'get'],
    ['a miss', 'EN\r\n', 'get'],
    ['a store', 'STORED\r\n', undefined],
    ['a NOOP', 'MN\r\n', 'noop'],
    ['statistics', 'STAT a b\r\nSTAT END 1\r\nEND\r\n', 'stat'],
    ['an error', 'SERVER_ERROR out of memory\r\n', undefined],
];

describe('MessageSplitter', () => {
    it('finds requests of both protocols, wherever the stream is cut', () => {
        const stream = Buffer.concat(REQUESTS.map(([, request]) => request));
        for (let at = 0; at <= stream.length; at++) {
            const found: Buffer[] = [];
            const splitter = new MessageSplitter(message => found.push(message));
            splitter.push(stream.subarray(0, at));
            splitter.push(stream.subarray(at));
            expect(found).toEqual(REQUESTS.map(([, request]) => request));
        }
    });

    it('finds replies in text', () => {
        const replies = REPLIES.map(([, reply]) => reply);
        expect(messagesIn(Buffer.from(replies.join(''))).map(String)).toEqual(replies);
    });
});

it.each(REQUESTS)('reads the verb and the key of %s', (_, request, verb, key) => {
    expect(requestsIn(request)).toEqual([{ verb, key }]);
});

it.each(REPLIES)('reads the verb of %s', (_, reply, verb) => {
    expect(verbOfReply(Buffer.from(reply))).toBe(verb);
});
