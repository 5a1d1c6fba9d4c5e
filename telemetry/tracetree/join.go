package tracetree

import "slices"

// Join returns a tree in which links put the traces of one story together: a root becomes a child of the first span that it
// links to, if that span is in another trace. [Print] marks where a trace ends and the next one begins, and shows a link on
// both of its spans. Join leaves t as it is.
func Join(t *Tree) *Tree {
	joined := Build(t.Spans())
	v := newView(joined)
	above := joined.parents()
	joins := func(root *Node) bool {
		target := v.linkTarget(root)
		if target == nil || topOf(target, above) == root {
			return false
		}
		root.joined, above[root] = target, target
		target.Children = append(target.Children, root)
		slices.SortStableFunc(target.Children, byStart)
		return true
	}
	joined.Roots = slices.DeleteFunc(joined.Roots, joins)
	return joined
}

// linkTarget returns the first linked span that is in another trace of the tree, or nil.
func (v *view) linkTarget(n *Node) *Node {
	for _, l := range n.Links {
		if target := v.nodes[l.key()]; target != nil && target.TraceID != n.TraceID {
			return target
		}
	}
	return nil
}

func topOf(n *Node, above map[*Node]*Node) *Node {
	for above[n] != nil {
		n = above[n]
	}
	return n
}
