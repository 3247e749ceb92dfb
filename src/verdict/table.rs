//! Claims × tiers: what a certificate says, cell by cell.

use super::compared::Verdict;

/// The claims of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// C1: c = −x̄, β∘c = −δ
    Credit,
    /// C2: ΔW = −η ∂L/∂W
    Update,
    /// C3: both equal the arbiter
    Truth,
    /// C4: with another balance function the rule differs, exactly where the theorem says
    Necessity,
    /// C5: credits are exact after depth + 1 sweeps, updates after depth
    Settling,
    /// C6: the rule reads only what D4 allows
    Locality,
    /// C7: recurrent networks
    Recurrent,
}

impl Claim {
    /// All claims in order.
    pub const ALL: [Self; 7] = [
        Self::Credit,
        Self::Update,
        Self::Truth,
        Self::Necessity,
        Self::Settling,
        Self::Locality,
        Self::Recurrent,
    ];

    /// `C1` … `C7`.
    #[must_use]
    pub fn id(self) -> &'static str {
        ["C1", "C2", "C3", "C4", "C5", "C6", "C7"][self as usize]
    }

    /// The claim in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        ["credit", "update", "truth", "necessity", "settling", "locality", "recurrent"]
            [self as usize]
    }

    /// The claim as a formula or a short sentence.
    #[must_use]
    pub fn statement(self) -> &'static str {
        [
            "c = −x̄ and β∘c = −δ",
            "ΔW = −η ∂L/∂W",
            "both equal the arbiter",
            "another f differs as predicted",
            "exact after depth+1 sweeps",
            "reads only what D4 allows",
            "cycles and self-loops",
        ][self as usize]
    }
}

/// How a claim was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// S: polynomial identity, W, x, β, e free variables
    Symbolic,
    /// P: identity test over a prime field at random points
    Identity,
    /// Q: exact rational numbers
    Exact,
    /// L: floats on inputs where float arithmetic is exact, bit for bit
    Lattice,
    /// F: floats inside a computed rounding bound
    Bounded,
}

impl Tier {
    /// All tiers in order.
    pub const ALL: [Self; 5] =
        [Self::Symbolic, Self::Identity, Self::Exact, Self::Lattice, Self::Bounded];

    /// `S`, `P`, `Q`, `L`, `F`.
    #[must_use]
    pub fn letter(self) -> char {
        ['S', 'P', 'Q', 'L', 'F'][self as usize]
    }

    /// The tier in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        ["symbolic", "identity", "exact", "lattice", "bounded"][self as usize]
    }
}

/// What stands in a cell of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellState {
    /// The check ran, and this is what it found.
    Checked(Verdict),
    /// The check has no meaning here, and why; never counts as agreement.
    NotApplicable(String),
}

/// One claim checked in one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which claim.
    pub claim: Claim,
    /// In which tier.
    pub tier: Tier,
    /// What came of it.
    pub state: CellState,
    /// What was compared, under which assumptions, with which error bound.
    pub notes: Vec<String>,
}

impl Cell {
    /// A cell whose check ran.
    #[must_use]
    pub fn checked(claim: Claim, tier: Tier, verdict: Verdict) -> Self {
        Self { claim, tier, state: CellState::Checked(verdict), notes: Vec::new() }
    }

    /// A cell without a check.
    #[must_use]
    pub fn not_applicable(claim: Claim, tier: Tier, why: impl Into<String>) -> Self {
        Self { claim, tier, state: CellState::NotApplicable(why.into()), notes: Vec::new() }
    }

    /// The same cell with one more note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The verdict, if there was a check.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.state {
            CellState::Checked(verdict) => Some(verdict),
            CellState::NotApplicable(_) => None,
        }
    }
}

/// The cells of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// In the order in which they were checked.
    pub cells: Vec<Cell>,
}

/// What a whole table, case or run amounts to; the order is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conclusion {
    /// Every check that ran agrees, and every claim that has a meaning was checked.
    Agree,
    /// Something that should have been checked was not.
    Unchecked,
    /// Some check disagrees.
    Disagree,
}

impl Conclusion {
    /// What a single verdict amounts to.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Agree(_) => Self::Agree,
            Verdict::Unchecked(_) => Self::Unchecked,
            Verdict::Disagree(_) => Self::Disagree,
        }
    }

    /// The word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        ["agree", "unchecked", "disagree"][self as usize]
    }
}

impl Table {
    /// The cell of a claim in a tier.
    #[must_use]
    pub fn cell(&self, claim: Claim, tier: Tier) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.claim == claim && cell.tier == tier)
    }

    /// Which tiers agree on a claim, as their letters in order.
    #[must_use]
    pub fn agreeing(&self, claim: Claim) -> String {
        let agrees = |tier: &Tier| {
            self.cell(claim, *tier).and_then(Cell::verdict).is_some_and(Verdict::is_agree)
        };
        Tier::ALL.into_iter().filter(agrees).map(Tier::letter).collect()
    }

    /// What the cells of one claim amount to; `None` where the claim has no meaning for the case: C7 on a
    /// feed-forward network, C4 and C5 on one with a cycle. A claim that no tier could check is unchecked, not agreed.
    #[must_use]
    pub fn of_claim(&self, claim: Claim) -> Option<Conclusion> {
        let worst = |claim| {
            let cells = self.cells.iter().filter(|cell| cell.claim == claim);
            cells.filter_map(|cell| cell.verdict()).map(Conclusion::of).max()
        };
        let has_cycle = worst(Claim::Recurrent).is_some();
        match claim {
            Claim::Recurrent => worst(claim),
            Claim::Necessity | Claim::Settling if has_cycle => worst(claim),
            _ => Some(worst(claim).unwrap_or(Conclusion::Unchecked)),
        }
    }

    /// The worst over all claims; a table in which nothing was checked is unchecked.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        Claim::ALL
            .into_iter()
            .filter_map(|claim| self.of_claim(claim))
            .max()
            .unwrap_or(Conclusion::Unchecked)
    }
}
