import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chromium } from './Chromium';

export interface View {
    readonly width: number;
    readonly height: number;
    readonly scheme: 'light' | 'dark';
}

/** A browser page that a test views and clicks as a person does. */
export class Page {
    /** Warnings and errors of the console, exceptions, and failed requests. */
    readonly problems: string[] = [];

    private constructor(
        private readonly browser: Chromium,
        private readonly session: string,
    ) {}

    static async open(browser: Chromium, url: string, view: View): Promise<Page> {
        const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
        const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
        const page = new Page(browser, sessionId as string);
        await page.listen();
        await page.show(view);
        await page.send('Page.navigate', { url });
        return page;
    }

    async show({ width, height, scheme }: View): Promise<void> {
        await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
        const features = [{ name: 'prefers-color-scheme', value: scheme }];
        await this.send('Emulation.setEmulatedMedia', { features });
    }

    /** Returns the value of an expression. */
    async ask<T>(expression: string): Promise<T> {
        const options = { expression, returnByValue: true, awaitPromise: true };
        const { result, exceptionDetails } = (await this.send('Runtime.evaluate', options)) as {
            result: { value: T };
            exceptionDetails?: { text: string; exception?: { description?: string } };
        };
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
    }

    /** Waits until an expression is true. */
    async until(expression: string, timeoutMs = 15_000): Promise<void> {
        const deadline = Date.now() + timeoutMs;
        while (!(await this.ask(`Boolean(${expression})`))) {
            if (Date.now() > deadline) throw new Error(`not in ${timeoutMs} ms: ${expression}`);
            await delay(50);
        }
    }

    text(selector: string): Promise<string> {
        return this.ask(`document.querySelector(${JSON.stringify(selector)}).innerText`);
    }

    /** Clicks with the mouse at the position of the element, which must be visible. */
    async click(selector: string): Promise<void> {
        const [x, y] = await this.ask<[number, number]>(`(() => {
            const element = document.querySelector(${JSON.stringify(selector)});
            element.scrollIntoView({ block: 'center' });
            const { x, y, width, height } = element.getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        })()`);
        const at = { x, y, button: 'left', clickCount: 1 };
        await this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
        await this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    }

    /** Takes a picture of the whole page, including the part below the screen. */
    async takePicture(file: string): Promise<void> {
        const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
        writeFileSync(file, Buffer.from(data as string, 'base64'));
    }

    private async listen(): Promise<void> {
        const { browser, session, problems } = this;
        browser.on(session, 'Runtime.consoleAPICalled', ({ type, args }) => {
            if (type !== 'log' && type !== 'info' && type !== 'debug') problems.push(JSON.stringify(args));
        });
        browser.on(session, 'Runtime.exceptionThrown', ({ exceptionDetails }) => {
            problems.push(JSON.stringify(exceptionDetails));
        });
        browser.on(session, 'Log.entryAdded', ({ entry }) => {
            const { level, text, url } = entry as { level: string; text: string; url?: string };
            if (level !== 'verbose' && level !== 'info') problems.push(`${text} ${url ?? ''}`);
        });
        for (const domain of ['Runtime', 'Log', 'Page']) await this.send(`${domain}.enable`);
    }

    private send(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>> {
        return this.browser.send(method, params, this.session);
    }
}
