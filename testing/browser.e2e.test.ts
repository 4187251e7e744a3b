// The test browser draws WebGL 2 in software on Mesa, with the float textures that the heat-map needs.
import { expect, it } from 'vitest';
import { startBrowser } from './browser.ts';

it('draws with WebGL 2 on llvmpipe and has the float textures of the heat-map', async () => {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const found = await page.evaluate(() => {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 4;
      const gl = canvas.getContext('webgl2');
      if (!gl) return undefined;
      const info = gl.getExtension('WEBGL_debug_renderer_info');
      const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, 2, 2, 0, gl.RED, gl.FLOAT, new Float32Array([0, 1, 2, 3]));
      gl.clearColor(0.2, 0.4, 0.6, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const pixel = new Uint8Array(4);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return { renderer, error: gl.getError(), pixel: [...pixel] };
    });
    expect(found?.renderer).toMatch(/llvmpipe/i);
    expect(found?.error).toBe(0);
    expect(found?.pixel).toEqual([51, 102, 153, 255]);
  } finally {
    await browser.close();
  }
});
