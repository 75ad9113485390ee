//! SVG as PNG, with the fonts of the system.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::sync::Arc;

/// How many pixels there are to a unit of the picture.
const SCALE: f32 = 2.0;
/// Families that are likely there, the best first.
const FAMILIES: [&str; 6] = ["DejaVu Sans", "Noto Sans", "Liberation Sans", "Helvetica", "Arial", "Segoe UI"];

/// The fonts that there are to write with.
pub(super) struct Fonts(Arc<fontdb::Database>);

impl Fonts {
    /// # Errors
    /// That there is none.
    pub(super) fn find() -> Result<Fonts, String> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let names: Vec<String> =
            fonts.faces().filter_map(|face| face.families.first().map(|(name, _)| name.clone())).collect();
        let best = FAMILIES.into_iter().find(|family| names.iter().any(|name| name == family));
        let best = best.or(names.first().map(String::as_str));
        let best = best.ok_or("there is no font on this system to write in a .png with: draw a .svg")?.to_owned();
        fonts.set_sans_serif_family(best);
        Ok(Fonts(Arc::new(fonts)))
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// A sentence that says why it can't be drawn.
    pub(super) fn render(&self, svg: &str) -> Result<Vec<u8>, String> {
        let failed = |why: &dyn std::fmt::Display| format!("can't draw the picture: {why}");
        let options = Options { fontdb: Arc::clone(&self.0), ..Options::default() };
        let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error))?;
        let size = tree.size().to_int_size().scale_by(SCALE).ok_or_else(|| failed(&"it is too large"))?;
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| failed(&"it is too large"))?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(&error))
    }
}
