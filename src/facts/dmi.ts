import { readRegularFile } from '../options/read-regular-file.ts';
import { Azure } from './azure.ts';
import type { CloudProviderClass } from './cloud-provider.ts';
import { Ec2 } from './ec2.ts';
import { Google } from './google.ts';

const DMI_DIRECTORY = '/sys/class/dmi/id';

/** The chassis asset tag that only virtual machines in Azure have. */
const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

/**
 * Returns the provider class for the cloud that this machine's DMI strings name; undefined if they
 * name none.
 */
export function detectProvider(): CloudProviderClass | undefined {
  if (readDmi('sys_vendor') === 'Amazon EC2' || readDmi('bios_version').endsWith('amazon'))
    return Ec2;
  if (readDmi('product_name') === 'Google Compute Engine') return Google;
  if (readDmi('chassis_asset_tag') === AZURE_ASSET_TAG) return Azure;
  return undefined;
}

function readDmi(name: string): string {
  try {
    return readRegularFile(`${DMI_DIRECTORY}/${name}`, 1).toString('utf8').trim();
  } catch {
    return '';
  }
}
