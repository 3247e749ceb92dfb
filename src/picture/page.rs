//! Pages: panels beside and below one another, under headings, with the names of their curves below each.
//!
//! kuva's own `Figure` sets panels in a grid and a title above, but no lines of text, no headings between the rows, and nothing that is
//! no plot. So a page is a scene of kuva that is composed here.

use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::panel::{Panel, Size};
use super::svg;

/// What is left free at the sides.
pub(crate) const MARGIN: f64 = 28.0;
/// Ink of titles.
pub(crate) const INK: &str = "#1b1f24";
/// Ink of what explains them.
pub(crate) const GREY_INK: &str = "#57606a";
const FONT: &str = "Helvetica, Arial, sans-serif";

/// A page that grows downwards.
pub(crate) struct Page {
    scene: Scene,
    /// Where the next thing begins.
    pub top: f64,
}

impl Page {
    /// An empty page with a title, and lines that explain it; `across` panels of this size beside one another.
    pub fn new(title: &str, said: &[String], size: Size, across: usize) -> Self {
        // A handful of panels.
        #[allow(clippy::cast_precision_loss)]
        let width = 2.0 * MARGIN + across as f64 * size.width;
        let mut page = Self { scene: Scene::new(width, 0.0), top: 42.0 };
        page.scene.font_family = Some(FONT.to_owned());
        page.scene.background_color = Some("white".to_owned());
        page.text((MARGIN, page.top), 20, INK, true, title);
        page.top += 22.0;
        for line in said {
            page.text((MARGIN, page.top), 12, GREY_INK, false, line);
            page.top += 17.0;
        }
        page
    }

    /// A heading above what comes next.
    pub fn heading(&mut self, words: &str) {
        self.text((MARGIN, self.top + 20.0), 16, INK, true, words);
        self.top += 30.0;
    }

    /// Panels in rows of `across`, each above the names of its curves.
    pub fn panels(&mut self, panels: Vec<Panel>, size: Size, across: usize) {
        let rows = panels.len().div_ceil(across.max(1));
        for (k, panel) in panels.into_iter().enumerate() {
            // A handful of panels.
            #[allow(clippy::cast_precision_loss)]
            let (row, column) = ((k / across) as f64, (k % across) as f64);
            let (x, y) = (MARGIN + column * size.width, self.top + row * size.height);
            self.names((x + 48.0, y + size.height - size.legend + 14.0), &panel, size);
            self.place((x, y), panel);
        }
        // A handful of rows.
        #[allow(clippy::cast_precision_loss)]
        let height = rows as f64 * size.height;
        self.top += height;
    }

    /// A line of text.
    pub fn text(&mut self, (x, y): (f64, f64), size: u32, ink: &str, bold: bool, words: &str) {
        self.scene.add(Primitive::Text {
            x,
            y,
            content: words.to_owned(),
            size,
            anchor: TextAnchor::Start,
            rotate: None,
            bold,
            color: Some(ink.into()),
        });
    }

    /// Whatever else is drawn, moved and stretched.
    pub fn group(&mut self, (x, y): (f64, f64), scale: f64, parts: Vec<Primitive>) {
        let transform = Some(format!("translate({x},{y}) scale({scale:.4})"));
        self.scene.add(Primitive::GroupStart { transform, title: None, extra_attrs: None });
        parts.into_iter().for_each(|part| self.scene.add(part));
        self.scene.add(Primitive::GroupEnd);
    }

    /// The page as SVG.
    pub fn finished(mut self) -> String {
        self.scene.height = self.top + 8.0;
        svg(&self.scene) + "\n"
    }

    fn place(&mut self, at: (f64, f64), panel: Panel) {
        if let Some(scene) = panel.picture {
            self.scene.defs.extend(scene.defs);
            self.group(at, 1.0, scene.elements);
        }
    }

    /// The names of curves, each behind a piece of its line: two columns, or four of short names.
    fn names(&mut self, (left, top): (f64, f64), panel: &Panel, size: Size) {
        let is_short = panel.legend.iter().all(|curve| curve.name.chars().count() < 12);
        let columns = if is_short { 4 } else { 2 };
        for (k, curve) in panel.legend.iter().enumerate() {
            // A handful of curves.
            #[allow(clippy::cast_precision_loss)]
            let (column, row) = ((k % columns) as f64, (k / columns) as f64);
            #[allow(clippy::cast_precision_loss)]
            let x = left + column * (size.width - 56.0) / columns as f64;
            let y = top + row * 16.0;
            self.scene.add(Primitive::Line {
                x1: x,
                y1: y - 3.5,
                x2: x + 18.0,
                y2: y - 3.5,
                stroke: curve.colour.as_str().into(),
                stroke_width: 2.4,
                stroke_dasharray: curve.is_dashed.then(|| "5 3".to_owned()),
            });
            self.text((x + 23.0, y), 10, GREY_INK, false, &curve.name);
        }
    }
}

/// An area without an edge, as in `M0 0h1v1h-1z`.
pub(crate) fn area(path: String, colour: &str) -> Primitive {
    Primitive::Path(Box::new(PathData {
        d: path,
        fill: Some(colour.into()),
        stroke: "none".into(),
        stroke_width: 0.0,
        opacity: None,
        stroke_dasharray: None,
    }))
}

/// A frame around nothing.
pub(crate) fn frame((x, y): (f64, f64), side: f64, line: f64) -> Primitive {
    Primitive::Rect {
        x,
        y,
        width: side,
        height: side,
        fill: "none".into(),
        stroke: Some(INK.into()),
        stroke_width: Some(line),
        opacity: None,
    }
}
