import { isCompleteReply, parseClusterReply } from '../../../src/connect/sources/clusterReply';
import { clusterReply } from '../../support/server/ClusterEndpoint';

const parse = (...servers: string[]) =>
    parseClusterReply(clusterReply(12, ...servers)).servers.map(({ host, port }) => [host, port]);

it.each<[string, string[], [string, number][]]>([
    ['a name before an address', ['a.cache.example|10.0.0.1|11211'], [['a.cache.example', 11211]]],
    ['a name without an address', ['a.cache.example||11212'], [['a.cache.example', 11212]]],
    ['an address without a name', ['|10.0.0.1|11211'], [['10.0.0.1', 11211]]],
    ['an address as name, as Memorystore has it', ['10.0.0.5|10.0.0.5|11211'], [['10.0.0.5', 11211]]],
    ['an IPv6 address', ['|2001:db8::1|11212'], [['2001:db8::1', 11212]]],
    ['a name that begins with a digit', ['0001.name.cfg.example|10.0.0.1|1'], [['0001.name.cfg.example', 1]]],
    [
        'several servers',
        ['b|10.0.0.2|2', 'a|10.0.0.1|1'],
        [
            ['b', 2],
            ['a', 1],
        ],
    ],
])('parses %s', (_, servers, expected) => {
    expect(parse(...servers)).toEqual(expected);
});

it.each([
    ['the usual one', 'CONFIG cluster 0 21\r\n7\na|10.0.0.1|11211\n\r\nEND\r\n'],
    ['a wrong length', 'CONFIG cluster 0 80\r\n7\na|10.0.0.1|11211\n\r\nEND\r\n'],
    ['only LF', 'CONFIG cluster 0 21\n7\na|10.0.0.1|11211\n\nEND\n'],
    ['CR LF everywhere', 'CONFIG cluster 0 21\r\n7\r\na|10.0.0.1|11211\r\n\r\nEND\r\n'],
    ['no empty line', 'CONFIG cluster 0 21\r\n7\na|10.0.0.1|11211\nEND\r\n'],
    ['spaces around the servers', 'CONFIG cluster 0 21\r\n7\n  a|10.0.0.1|11211 \n\r\nEND\r\n'],
])('reads a reply with %s', (_, reply) => {
    expect(isCompleteReply(reply)).toBe(true);
    expect(parseClusterReply(reply)).toEqual({ version: 7n, servers: [{ host: 'a', port: 11211 }] });
});

it('waits for END, and only for the first line of another reply', () => {
    const reply = clusterReply(12, 'a|10.0.0.1|1', 'END|10.0.0.1|2');
    for (let i = 0; i < reply.length; i++) expect(isCompleteReply(reply.slice(0, i))).toBe(false);
    expect(isCompleteReply(reply)).toBe(true);
    expect([isCompleteReply('ERRO'), isCompleteReply('ERROR\r\n'), isCompleteReply('END\r\n')]).toEqual([
        false,
        true,
        true,
    ]);
});

const listOf = (list: string) => `CONFIG cluster 0 9\r\n12\n${list}\n\r\nEND\r\n`;

it.each([
    ['ERROR\r\n', 'expected CONFIG cluster, not "ERROR"'],
    ['END\r\n', 'expected CONFIG cluster, not "END"'],
    ['SERVER_ERROR out of memory\r\n', 'expected CONFIG cluster, not "SERVER_ERROR out of memory"'],
    [`${'x'.repeat(200)}\r\n`, `expected CONFIG cluster, not "${'x'.repeat(80)}"`],
    ['\x80\x0a', 'expected CONFIG cluster, not "?"'],
    ['CONFIG other 0 5\r\n1\na|b|1\n\r\nEND\r\n', 'expected CONFIG cluster, not "CONFIG other 0 5"'],
    ['CONFIG cluster 0 0\r\nEND\r\n', 'expected a version in the second line'],
    ['CONFIG cluster 0 0\r\nx\na|b|1\n\r\nEND\r\n', 'expected a version in the second line'],
    ['CONFIG cluster 0 0\r\n-1\na|b|1\n\r\nEND\r\n', 'expected a version in the second line'],
    ['CONFIG cluster 0 0\r\n12\nEND\r\n', 'expected servers in the third line'],
    [listOf(''), 'expected servers in the third line'],
    [listOf('a|10.0.0.1|1\nb|10.0.0.2|2'), 'expected END after the servers'],
    [listOf('a|10.0.0.1'), 'expected host|ip|port as server 1'],
    [listOf('a|10.0.0.1|1|2'), 'expected host|ip|port as server 1'],
    [listOf('a|10.0.0.1|0'), 'expected host|ip|port as server 1'],
    [listOf('a|10.0.0.1|65536'), 'expected host|ip|port as server 1'],
    [listOf('a|10.0.0.1|x'), 'expected host|ip|port as server 1'],
    [listOf('a|10.0.0.1|1 ||2'), 'expected host|ip|port as server 2'],
    [listOf('a@b|10.0.0.1|1'), 'expected host|ip|port as server 1'],
])('rejects %j', (reply, problem) => {
    expect(isCompleteReply(reply)).toBe(true);
    expect(() => parseClusterReply(reply)).toThrow(problem);
});
