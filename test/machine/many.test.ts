import { expect } from 'vitest';
import { Container } from './container.ts';
import { bootUntilDescribed, matrix } from './matrix.ts';

const MACHINES = 20;
/** The number of machines that run at the same time. */
const CONCURRENCY = 4;

const { fleet, lifecycleTest, hasRecord, expectDescribed } = matrix(Container.copy);

lifecycleTest(
  `${MACHINES} machines of one image, ${CONCURRENCY} at a time, are configured and then removed`,
  async (report) => {
    let left = MACHINES;
    let describedCount = 0;
    const runMachines = async () => {
      while (left > 0) {
        left--;
        const member = await fleet().add();
        await bootUntilDescribed(member);
        expectDescribed(member);
        describedCount++;
        expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
        expect(hasRecord(member)).toBe(false);
        await member.machine.remove();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, runMachines));
    expect(describedCount).toBe(MACHINES);
    expect(fleet().emulator.store.systems.size).toBe(0);
    await report('boot, poweroff', fleet());
  },
);
