import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import sharp from 'sharp';

/** What is to be drawn, and with what. */
export interface DrawPictureOptions {
  readonly text: string;
  /** A TrueType font, so that the picture looks the same on machines that have none. */
  readonly fontFile: string;
  /** A folder for the font library's own files. */
  readonly folder: string;
}

const width = 960;
const height = 320;
const margin = 90;

/** A sign on a wall, hung a little askew. */
const sign = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
  <linearGradient id="wall" x2="1" y2="1">
    <stop stop-color="#c9b79c"/><stop offset="1" stop-color="#8c7a62"/>
  </linearGradient>
  <rect width="100%" height="100%" fill="url(#wall)"/>
  <rect x="40" y="80" width="880" height="160" rx="18" fill="#12343b" stroke="#e9e4d4"
    stroke-width="5" transform="rotate(-3 480 160)"/>
</svg>`;

/** Draws a picture of a sign with one line of text on it, as a PNG file. */
export async function drawPicture(options: DrawPictureOptions): Promise<Uint8Array> {
  await useOwnFontSettings(options.folder);
  const lettering = await sharp({
    text: {
      text: `<span foreground="#f7f3e8">${escapeMarkup(options.text)}</span>`,
      font: 'DejaVu Sans 46',
      fontfile: options.fontFile,
      dpi: 72,
      rgba: true,
    },
  })
    .png()
    .toBuffer();
  const turned = await sharp(lettering)
    .resize({ width: width - 2 * margin, height: 90, fit: 'inside', withoutEnlargement: true })
    .rotate(-3, { background: 'transparent' })
    .toBuffer();
  const picture = sharp(Buffer.from(sign)).composite([{ input: turned, gravity: 'centre' }]);
  return picture.flatten().png().toBuffer();
}

/**
 * The library that finds fonts complains on the terminal when the machine has no settings for it,
 * as bare ones do not. It reads this variable when the first text is drawn.
 */
async function useOwnFontSettings(folder: string): Promise<void> {
  const file = join(folder, 'fonts.conf');
  const cache = escapeMarkup(join(folder, 'font-cache'));
  await writeFile(
    file,
    `<?xml version="1.0"?>\n<fontconfig><cachedir>${cache}</cachedir></fontconfig>\n`,
  );
  process.env['FONTCONFIG_FILE'] = file;
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
