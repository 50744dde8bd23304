import { expect } from 'vitest';
import { Container } from './container.ts';
import { bootUntilDesiredState, matrix } from './matrix.ts';

const MACHINES = 20;
/** The number of machines that run at the same time. */
const CONCURRENCY = 4;

const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(Container.copy);

lifecycleTest(
  `${MACHINES} machines of one image, ${CONCURRENCY} at a time, are configured and then removed`,
  async (report) => {
    let left = MACHINES;
    let configuredCount = 0;
    const runMachines = async () => {
      while (left > 0) {
        left--;
        const member = await fleet().add();
        await bootUntilDesiredState(member);
        expectDesiredState(member);
        configuredCount++;
        expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
        expect(hasRecord(member)).toBe(false);
        await member.machine.remove();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, runMachines));
    expect(configuredCount).toBe(MACHINES);
    expect(fleet().emulator.store.systems.size).toBe(0);
    await report('boot, poweroff', fleet());
  },
);
