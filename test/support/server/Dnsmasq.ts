import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promises as dns } from 'node:dns';
import { createSocket } from 'node:dgram';
import { sleep } from '../sleep';

/** The reader of the pipe ends dnsmasq when this process ends, however that happens. */
const LEASH = 'dnsmasq "$@" & cat > /dev/null; kill $!; wait $!';

/** The time after which a start counts as failed. */
const START_MS = 3000;

/** Returns whether dnsmasq is installed (Debian, Ubuntu: `apt-get install dnsmasq-base`). */
export function isDnsmasqThere(): boolean {
    return spawnSync('dnsmasq', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A real DNS server. It reads its records when it starts, so `apply` restarts it. */
export class Dnsmasq {
    port = 0;
    private readonly records = new Map<string, string[]>();
    private process: ChildProcess | null = null;

    async launch(): Promise<void> {
        // dnsmasq also needs the TCP port of this number, which may be in use.
        do this.port = await freeUdpPort();
        while (!(await this.start()));
    }

    /** Sets the address of a name. */
    set(_type: 'A', name: string, address: string): void {
        this.records.set(`A ${name}`, [`--host-record=${name},${address}`]);
    }

    /** Sets the targets of a service, as `name:port`. */
    setSrv(service: string, ...targets: string[]): void {
        const records = targets.map(target => `--srv-host=_memcache._tcp.${service},${target.replace(':', ',')}`);
        this.records.set(`SRV ${service}`, records);
    }

    /** Serves the current records. */
    async apply(): Promise<void> {
        await this.end();
        if (!(await this.start())) throw new Error('dnsmasq does not start again');
    }

    /** Returns whether dnsmasq answers. */
    private async start(): Promise<boolean> {
        const settings = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file='];
        const place = [`--port=${this.port}`, '--listen-address=127.0.0.1', '--bind-interfaces'];
        const user = process.getuid?.() === 0 ? ['--user=root'] : [];
        const args = [...settings, ...place, ...user, '--host-record=ready,127.0.0.1', ...this.records.values()].flat();
        this.process = spawn('sh', ['-c', LEASH, 'dnsmasq', ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
        const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
        resolver.setServers([`127.0.0.1:${this.port}`]);
        for (const endMs = performance.now() + START_MS; performance.now() < endMs; await sleep(5))
            if (await resolver.resolve4('ready').catch(() => null)) return true;
        await this.end();
        return false;
    }

    async end(): Promise<void> {
        const { process } = this;
        if (process === null) return;
        this.process = null;
        process.stdin!.end();
        await once(process, 'exit');
    }
}

async function freeUdpPort(): Promise<number> {
    const probe = createSocket('udp4').bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}
